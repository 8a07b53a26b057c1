// The plan of the proxy: which links there are. One line per link: the process, the store and the store's port.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace mm::chaos {

/// What the proxy understands of the bytes.
enum class Protocol { opaque, nats, postgres };

struct LinkPlan {
  std::string name;  ///< "lobby-1.nats": the process and the store
  Protocol protocol = Protocol::opaque;
  unsigned short store_port = 0;
};

/// Reads lines "PROCESS STORE PORT", as "lobby-1 redis-queue 18091". An error names the line.
Result<std::vector<LinkPlan>, std::string> parse_plan(std::string_view text);

}  // namespace mm::chaos
