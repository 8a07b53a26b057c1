// Replaces common/bus/async_requests.cpp in the simulation: only explanations use it, and nobody asks for them there.
#include "common/bus/async_requests.h"

namespace mm::bus {

struct AsyncRequests::Impl {};

AsyncRequests::AsyncRequests(Bus&, metrics::Registry&) {}
AsyncRequests::~AsyncRequests() = default;
void AsyncRequests::request(std::string_view, std::string, const Caller&, const trace::Context&, Deadline,
                            Handler handler) {
  handler(refuse(Code::unavailable));
}

}  // namespace mm::bus
