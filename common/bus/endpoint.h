// Endpoint: one served subject with its statistics, and the sending of answers. Internal to this folder. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/base/mutex.h"
#include "common/bus/bus_impl.h"
#include "common/bus/service_protocol.h"

namespace mm::bus {

/// Header of an answer: the address of the instance that answered.
inline constexpr const char* kInstanceHeader = "Mm-Instance";

/// A request in the inbox.
struct Request {
  MsgPtr message;
  SteadyPoint received;
};

class Endpoint {
 public:
  /// `address`: appended to the subject on the wire; empty if instances share the subject. `instance`: the address of
  /// this instance, which its answers carry.
  Endpoint(Bus::Impl& bus, std::string subject, const std::string& address, const std::string& instance,
           const std::string& queue_group, metrics::Registry& registry);

  /// Sets the connection for requests and answers. Must be called before the first request.
  void use(natsConnection* connection) { connection_ = connection; }
  natsConnection* connection() const { return connection_; }

  /// The subject as in the contract, metrics and logs.
  const std::string& subject() const { return subject_; }
  /// The subject that is subscribed to.
  const std::string& listens_on() const { return listens_on_; }

  /// Sends the answer to the request's reply subject and counts it. Failures to send are ignored; the caller then times
  /// out. `buffered`: many answers are sent together, so this one may be delayed by a millisecond.
  void answer(const Request& request, const trace::Context& trace, const Reply<std::string>& reply,
              bool buffered = false);
  /// Ends a request whose deadline has passed without handling it. It is answered nevertheless: nats-server keeps the
  /// right to answer until it is used, and searches all of them if there are many.
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
  const std::string instance_;
  const std::string name_;
  const std::string queue_group_;
  metrics::Registry& registry_;
  metrics::Counter requests_;
  metrics::Counter expired_;
  metrics::Histogram seconds_;

  mutable Mutex mutex_;
  std::map<Code, metrics::Counter> refusals_ GUARDED_BY(mutex_);
  std::int64_t answered_ GUARDED_BY(mutex_) = 0;
  std::int64_t errors_ GUARDED_BY(mutex_) = 0;
  std::string last_error_ GUARDED_BY(mutex_);
  std::chrono::nanoseconds busy_ GUARDED_BY(mutex_){0};
};

}  // namespace mm::bus
