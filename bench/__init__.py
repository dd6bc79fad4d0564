"""What the speed claims are made of: each figure beside its peer, in one run, with how it was called."""
