"""What runs all this."""

import sysconfig


def is_optimised() -> bool:
    """Whether Python was built with the optimisations that distributions, container images and uv build it with.

    Without them the services handle a fifth less (DECISIONS.md, "What made it fast, and what did not").
    """
    built_with = sysconfig.get_config_var("CONFIG_ARGS")
    return built_with is None or "--enable-optimizations" in built_with
