"""What holds for the whole suite."""

from hypothesis import HealthCheck, settings

# No deadline and no health check of speed: a busy machine must not fail a test that says nothing of time.
settings.register_profile("bidder", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("bidder"), max_examples=10)
settings.load_profile("bidder")
