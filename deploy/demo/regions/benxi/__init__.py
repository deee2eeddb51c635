"""Benxi in Liaoning, 2014 to 2017, by document S3."""
