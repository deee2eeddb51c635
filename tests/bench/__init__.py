"""`make bench`: what Zhucun does in a second, beside what its users would pick instead, all within one run."""
