#include "common/bus/async_requests.h"

#include "common/bus/bus_impl.h"
#include "common/bus/endpoint.h"
#include "common/bus/reply_mux.h"

namespace mm::bus {

struct AsyncRequests::Impl {
  explicit Impl(Bus& b, metrics::Registry& registry)
      : bus(b.impl()),
        waiting(registry.gauge("mm_bus_async_waiting", "Outgoing requests that wait for an answer")),
        mux(bus) {}

  Bus::Impl& bus;
  metrics::Gauge waiting;
  ReplyMux mux;  // last member: destroyed first, which ends all outstanding requests
};

AsyncRequests::AsyncRequests(Bus& bus, metrics::Registry& metrics) : impl_(std::make_unique<Impl>(bus, metrics)) {}
AsyncRequests::~AsyncRequests() = default;

void AsyncRequests::request(std::string_view subject, std::string_view body, const Caller& caller,
                            const trace::Context& trace, Deadline deadline, Handler handler) {
  attempt(subject, body, caller, trace, deadline,
          [handler = std::move(handler)](Outcome outcome) { handler(std::move(outcome.reply)); });
}

void AsyncRequests::attempt(std::string_view subject, std::string_view body, const Caller& caller,
                            const trace::Context& trace, Deadline deadline, OutcomeHandler handler) {
  impl_->waiting.add(1);
  impl_->mux.send(subject, body, headers_of(caller, deadline, trace), deadline,
                  [impl = impl_.get(), handler = std::move(handler)](natsStatus status, const MsgPtr& message) {
                    impl->waiting.add(-1);
                    impl->bus.count(status);
                    const auto instance = status == NATS_OK ? header_of(message.get(), kInstanceHeader) : "";
                    handler({answer_of(status, message.get()), std::string(instance), status == NATS_NO_RESPONDERS});
                  });
}

}  // namespace mm::bus
