// Message structs of the NATS service protocol, in which a service describes itself on $SRV.PING, $SRV.INFO and
// $SRV.STATS (read by `nats micro`). Internal to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/fields.h"

namespace mm::bus::service_protocol {

inline constexpr std::string_view kPingType = "io.nats.micro.v1.ping_response";
inline constexpr std::string_view kInfoType = "io.nats.micro.v1.info_response";
inline constexpr std::string_view kStatsType = "io.nats.micro.v1.stats_response";

struct Identity {
  std::string name;
  std::string id;
  std::string version;
  std::map<std::string, std::string> metadata;
};

struct EndpointInfo {
  std::string name;
  std::string subject;
  std::string queue_group;
  std::map<std::string, std::string> metadata;
};
template <class F>
void describe(F& f, EndpointInfo& m) {
  f("name", m.name);
  f("subject", m.subject);
  f("queue_group", m.queue_group);
  f("metadata", m.metadata);
}

/// Times in nanoseconds.
struct EndpointStats {
  std::string name;
  std::string subject;
  std::string queue_group;
  std::int64_t num_requests = 0;
  std::int64_t num_errors = 0;
  std::string last_error;
  std::int64_t processing_time = 0;
  std::int64_t average_processing_time = 0;
};
template <class F>
void describe(F& f, EndpointStats& m) {
  f("name", m.name);
  f("subject", m.subject);
  f("queue_group", m.queue_group);
  f("num_requests", m.num_requests);
  f("num_errors", m.num_errors);
  f("last_error", m.last_error);
  f("processing_time", m.processing_time);
  f("average_processing_time", m.average_processing_time);
}

struct Ping {
  Identity identity;
  std::string type{kPingType};
};
struct Info {
  Identity identity;
  std::string type{kInfoType};
  std::string description;
  std::vector<EndpointInfo> endpoints;
};
struct Stats {
  Identity identity;
  std::string type{kStatsType};
  TimePoint started;
  std::vector<EndpointStats> endpoints;
};

template <class F>
void describe_identity(F& f, Identity& m) {
  f("name", m.name);
  f("id", m.id);
  f("version", m.version);
  f("metadata", m.metadata);
}
template <class F>
void describe(F& f, Ping& m) {
  describe_identity(f, m.identity);
  f("type", m.type);
}
template <class F>
void describe(F& f, Info& m) {
  describe_identity(f, m.identity);
  f("type", m.type);
  f("description", m.description);
  f("endpoints", m.endpoints);
}
template <class F>
void describe(F& f, Stats& m) {
  describe_identity(f, m.identity);
  f("type", m.type);
  f("started", m.started);
  f("endpoints", m.endpoints);
}

}  // namespace mm::bus::service_protocol
