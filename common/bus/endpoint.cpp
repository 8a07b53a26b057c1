#include "common/bus/endpoint.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "common/wire/problem_json.h"

namespace mm::bus {
namespace {

// Makes a text fit for a header: one line of printable ASCII characters.
std::string header_text(std::string_view text) {
  std::string out(text.substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

// "lobby.challenge.create" -> "challenge_create": endpoint names have no dots.
std::string endpoint_name(std::string_view subject) {
  const auto dot = subject.find('.');
  std::string name(dot == std::string_view::npos ? subject : subject.substr(dot + 1));
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

}  // namespace

Endpoint::Endpoint(Bus::Impl& bus, std::string subject, const std::string& address, const std::string& instance,
                   const std::string& queue_group, metrics::Registry& registry)
    : bus_(bus),
      connection_(bus.connection),
      subject_(std::move(subject)),
      listens_on_(address.empty() ? subject_ : addressed({subject_}, address)),
      instance_(instance),
      name_(endpoint_name(subject_)),
      queue_group_(queue_group),
      registry_(registry),
      requests_(registry.counter("mm_bus_requests_total", "Requests received", {{"subject", subject_}})),
      expired_(registry.counter("mm_bus_requests_expired_total", "Requests whose deadline passed while they waited",
                                {{"subject", subject_}})),
      seconds_(registry.histogram("mm_bus_request_seconds", "Time from a request's arrival to its answer",
                                  {{"subject", subject_}})) {}

void Endpoint::answer(const Request& request, const trace::Context& trace, const Reply<std::string>& reply,
                      bool buffered) {
  if (reply && reply->size() > limits::kMaxBusBodyBytes) {
    log::error("answer_too_large", {{"subject", subject_}, {"bytes", reply->size()}});
    return answer(request, trace, refuse(Code::internal_error));
  }
  // Counted before sending, so that a caller with its answer sees it in the statistics.
  count(request, reply);
  send(request, trace, reply);
  // No other answers are collected with this one, so it is written immediately.
  if (!buffered && connection_ != bus_.connection) bus_.flush_buffered();
}

void Endpoint::count(const Request& request, const Reply<std::string>& reply) {
  const auto took = std::chrono::steady_clock::now() - request.received;
  requests_.add();
  seconds_.observe(std::chrono::duration<double>(took).count());
  if (!reply) count_refusal(reply.error().code);
  const MutexLock lock(mutex_);
  ++answered_;
  busy_ += took;
  if (reply) return;
  ++errors_;
  last_error_ = std::to_string(reply.error().status()) + ":" + std::string(mm::info(reply.error().code).name);
}

void Endpoint::drop(const Request& request) {
  requests_.add();
  expired_.add();
  send(request, {}, refuse(Code::deadline_exceeded));
}

void Endpoint::send(const Request& request, const trace::Context& trace, const Reply<std::string>& reply) {
  const auto to = reply_of(request.message.get());
  if (reply) {
    (void)bus_.publish_reply(connection_, to, *reply, {{kInstanceHeader, instance_}});
    return;
  }
  const auto& problem = reply.error();
  const auto& code = mm::info(problem.code);
  log::debug("request_refused", {{"subject", subject_}, {"code", code.name}, {"detail", problem.detail}});
  const auto trace_id = (trace.none() ? trace::new_trace() : trace).trace_id_text();
  const HeaderList headers{{headers::kServiceError, header_text(code.name)},
                           {headers::kServiceErrorCode, std::to_string(code.status)},
                           {kInstanceHeader, instance_}};
  (void)bus_.publish_reply(connection_, to, wire::encode_problem(problem, trace_id), headers);
}

void Endpoint::count_refusal(Code code) {
  const MutexLock lock(mutex_);
  auto found = refusals_.find(code);
  if (found == refusals_.end()) {
    const auto counter = registry_.counter("mm_bus_refusals_total", "Requests answered with a problem",
                                           {{"subject", subject_}, {"code", std::string(mm::info(code).name)}});
    found = refusals_.emplace(code, counter).first;
  }
  found->second.add();
}

service_protocol::EndpointInfo Endpoint::info() const { return {name_, listens_on_, queue_group_, {}}; }

service_protocol::EndpointStats Endpoint::stats() const {
  const MutexLock lock(mutex_);
  service_protocol::EndpointStats stats{name_,   listens_on_, queue_group_,  answered_,
                                        errors_, last_error_, busy_.count(), 0};
  if (answered_ > 0) stats.average_processing_time = busy_.count() / answered_;
  return stats;
}

}  // namespace mm::bus
