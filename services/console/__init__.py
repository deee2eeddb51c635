"""The officers' pages in the browser."""
