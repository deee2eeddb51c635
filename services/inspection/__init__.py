"""The inspection: draws, visits, findings and orders, yearly assessments, and the verification of exits."""
