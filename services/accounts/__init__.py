"""The accounts: who people are, where no other issuer of tokens says so. An OpenID Connect issuer of its own."""
