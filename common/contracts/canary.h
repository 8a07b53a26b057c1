// The messages with which a daemon sees that JetStream stores what it publishes (common/bus/jetstream_watch.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/bus_rights.h"

namespace mm::canary {

/// A stream without events. It keeps the last message of each subject.
inline constexpr Stream kStream{"CANARY", "canary.*"};

inline std::string subject_of(std::string_view daemon) { return "canary." + std::string(daemon); }

/// A subject in each stream in which the daemon stores events: `match.probe`. Nothing is ever stored under it. The
/// operator has one in every stream.
inline std::vector<std::string> probes_of(std::string_view daemon) {
  std::vector<std::string> subjects;
  for (const auto& stream : streams::kAll) {
    const auto stem = stream.subjects.substr(0, stream.subjects.size() - 1);
    for (const auto& right : rights::kTable) {
      const bool stores = right.daemon == daemon && right.use == rights::Use::publish;
      if (!right.subject.starts_with(stem) || (!stores && daemon != rights::kOperator)) continue;
      subjects.push_back(std::string(stem) + "probe");
      break;
    }
  }
  return subjects;
}

}  // namespace mm::canary
