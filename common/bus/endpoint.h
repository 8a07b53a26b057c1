// One served subject: its handler, its figures, and how a request on it is answered. Internal to this folder.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/bus/bus_impl.h"
#include "common/bus/service_protocol.h"

namespace mm::bus {

/// A request as it waits in the inbox.
struct Request {
  MsgPtr message;
  SteadyPoint received;
};

class Endpoint {
 public:
  /// `address`: of this instance alone, follows the subject on the wire; empty: the subject is shared.
  Endpoint(Bus::Impl& bus, std::string subject, const std::string& address, const std::string& queue_group,
           metrics::Registry& registry);

  /// Where its requests arrive and its answers leave; set before the first request.
  void use(natsConnection* connection) { connection_ = connection; }
  natsConnection* connection() const { return connection_; }

  /// As the contract, figures and logs name it.
  const std::string& subject() const { return subject_; }
  /// Where requests come in.
  const std::string& listens_on() const { return listens_on_; }

  /// Sends the answer to the request's reply subject and counts it. Never fails: whoever cannot be reached times out.
  /// `gathered`: many answers go out together, so this one may wait a millisecond for the others.
  void answer(const Request& request, const trace::Context& trace, const Reply<std::string>& reply,
              bool gathered = false);
  /// A request that is not handled, because its deadline has passed. It is answered all the same: nats-server keeps our
  /// right to answer until it is used, and searches all of them when there are many.
  void drop(const Request& request);

  service_protocol::EndpointInfo info() const;
  service_protocol::EndpointStats stats() const;

 private:
  void count(const Request& request, const Reply<std::string>& reply);
  void send(const Request& request, const trace::Context& trace, const Reply<std::string>& reply);
  void count_refusal(Code code);

  Bus::Impl& bus_;
  natsConnection* connection_;
  const std::string subject_;
  const std::string listens_on_;
  const std::string name_;
  const std::string queue_group_;
  metrics::Registry& registry_;
  metrics::Counter requests_;
  metrics::Counter expired_;
  metrics::Histogram seconds_;

  mutable std::mutex mutex_;
  // Protected by mutex_:
  std::map<Code, metrics::Counter> refusals_;
  std::int64_t answered_ = 0;
  std::int64_t errors_ = 0;
  std::string last_error_;
  std::chrono::nanoseconds busy_{0};
};

}  // namespace mm::bus
