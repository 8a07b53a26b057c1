// All metrics of profile.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::profile {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : registered(registrations(registry, "registered")),
        register_refused(registrations(registry, "refused")),
        register_failed(registrations(registry, "failed")),
        logged_in(logins(registry, "right")),
        login_refused(logins(registry, "wrong")),
        login_failed(logins(registry, "failed")),
        rehashed(
            registry.counter("mm_profile_rehashed_total", "Passwords hashed again because the bcrypt cost changed")),
        hash_seconds(registry.histogram("mm_profile_password_seconds",
                                        "Duration of one job of the password pool, without its wait")),
        hash_waiting(
            registry.gauge("mm_profile_password_jobs_waiting", "Jobs waiting for a thread of the password pool")),
        hash_refused(registry.counter("mm_profile_password_jobs_refused_total",
                                      "Jobs refused because they would have waited too long")),
        rated(matches(registry, "rated")),
        unrated(matches(registry, "unrated")),
        duplicates(matches(registry, "known")),
        poison(matches(registry, "poison")) {}

  metrics::Counter registered;
  metrics::Counter register_refused;
  metrics::Counter register_failed;
  metrics::Counter logged_in;
  metrics::Counter login_refused;
  metrics::Counter login_failed;
  metrics::Counter rehashed;
  metrics::Histogram hash_seconds;
  metrics::Gauge hash_waiting;
  metrics::Counter hash_refused;
  metrics::Counter rated;
  metrics::Counter unrated;
  metrics::Counter duplicates;
  metrics::Counter poison;

 private:
  static metrics::Counter registrations(metrics::Registry& registry, const char* outcome) {
    return registry.counter("mm_profile_registrations_total", "Registrations by outcome", {{"outcome", outcome}});
  }
  static metrics::Counter logins(metrics::Registry& registry, const char* outcome) {
    return registry.counter("mm_profile_logins_total", "Logins by outcome", {{"outcome", outcome}});
  }
  static metrics::Counter matches(metrics::Registry& registry, const char* outcome) {
    return registry.counter("mm_profile_matches_total", "match.completed events by outcome", {{"outcome", outcome}});
  }
};

}  // namespace mm::profile
