"""The users' own tests of rules: what equipment says goes in, which alerts open is compared."""
