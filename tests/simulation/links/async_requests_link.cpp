// Replaces common/bus/async_requests.cpp in the simulation: only explanations use it, and nobody asks for them there.
#include "common/bus/async_requests.h"

namespace mm::bus {

struct AsyncRequests::Impl {};

AsyncRequests::AsyncRequests(Bus&, metrics::Registry&) {}
AsyncRequests::~AsyncRequests() = default;
void AsyncRequests::request(std::string_view, std::string_view, const Caller&, const trace::Context&, Deadline,
                            Handler handler) {
  handler(refuse(Code::unavailable));
}
void AsyncRequests::attempt(std::string_view, std::string_view, const Caller&, const trace::Context&, Deadline,
                            OutcomeHandler handler) {
  handler({refuse(Code::unavailable), {}, true});
}

}  // namespace mm::bus
