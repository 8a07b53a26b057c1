#include "tests/simulation/servers/event_server.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/result.h"
#include "common/contracts/bus_rights.h"

namespace mm::simulation {

EventServer::EventServer(Simulator& simulator) : simulator_(simulator) {
  for (const auto& stream : streams::kAll) streams_[std::string(stream.name)];
  for (const auto& consumer : rights::kConsumers) {
    auto& consumers = streams_.at(std::string(consumer.stream.name)).consumers;
    const auto filter = consumer.subject == consumer.stream.subjects ? "" : std::string(consumer.subject);
    if (consumer.instances == 0) consumers[std::string(consumer.name)].filter = filter;
    for (int i = 1; i <= consumer.instances; ++i)
      consumers[rights::instance_consumer(consumer.name, i)].filter = filter;
  }
}

void EventServer::stop(double lost) {
  up_ = false;
  for (auto& [name, stream] : streams_) lose_end(stream, lost);
}

// nats_setup makes a consumer anew whose position is beyond the end of its stream.
void EventServer::lose_end(OneStream& stream, double lost) {
  if (lost <= 0 || stream.events.size() <= stream.synchronised) return;
  const auto unsynchronised = static_cast<double>(stream.events.size() - stream.synchronised);
  const auto kept = stream.events.size() - static_cast<std::size_t>(std::ceil(unsynchronised * lost));
  stream.events.resize(kept);
  stream.last = stream.events.empty() ? 0 : stream.events.back().sequence;
  std::erase_if(stream.known_ids, [&](const auto& known) { return known.second > stream.last; });
  for (auto& [name, consumer] : stream.consumers) {
    if (consumer.delivered <= stream.last) continue;
    consumer.delivered = 0;
    consumer.unacknowledged.clear();
    consumer.deliveries.clear();
  }
}

void EventServer::start() {
  up_ = true;
  id_ = "nats-" + std::to_string(++starts_);
  for (auto* fiber : std::exchange(waiting_, {})) simulator_.wake(fiber);
}

void EventServer::synchronise() {
  for (auto& [name, stream] : streams_) stream.synchronised = stream.events.size();
}

EventServer::OneStream& EventServer::stream_of(std::string_view subject) {
  const auto first = subject.substr(0, subject.find('.'));
  for (const auto& stream : streams::kAll) {
    if (stream.subjects.substr(0, stream.subjects.find('.')) == first) return streams_.at(std::string(stream.name));
  }
  check(false, "an event of no stream");
  std::abort();
}

EventServer::Stored EventServer::store(const std::string& subject, const std::string& body,
                                       const std::string& message_id, TimePoint now) {
  auto& stream = stream_of(subject);
  if (const auto known = stream.known_ids.find(message_id); known != stream.known_ids.end()) {
    return {known->second, true};
  }
  const auto sequence = ++stream.last;
  stream.events.push_back({sequence, subject, body, message_id, now});
  stream.known_ids.emplace(message_id, sequence);
  ever_stored_[subject].insert(message_id);
  for (auto* fiber : std::exchange(waiting_, {})) simulator_.wake(fiber);
  return {sequence, false};
}

std::vector<EventServer::Event> EventServer::pull(const std::string& stream, const std::string& name,
                                                  std::size_t most) {
  auto& of_stream = streams_.at(stream);
  auto& consumer = of_stream.consumers.at(name);
  std::vector<Event> events;
  const auto now = simulator_.elapsed();
  const auto take = [&](const Event& event) {
    consumer.unacknowledged[event.sequence] = now + kAckWait;
    events.push_back(event);
    events.back().deliveries = ++consumer.deliveries[event.sequence];
  };
  const auto by_sequence = [](const Event& event, std::uint64_t sequence) { return event.sequence < sequence; };
  for (const auto& [sequence, due] : consumer.unacknowledged) {
    if (events.size() == most) break;
    if (due > now) continue;
    const auto found = std::lower_bound(of_stream.events.begin(), of_stream.events.end(), sequence, by_sequence);
    if (found != of_stream.events.end() && found->sequence == sequence) take(*found);
  }
  auto next = std::lower_bound(of_stream.events.begin(), of_stream.events.end(), consumer.delivered + 1, by_sequence);
  for (; next != of_stream.events.end() && events.size() < most; ++next) {
    consumer.delivered = next->sequence;
    if (consumer.filter.empty() || consumer.filter == next->subject) take(*next);
  }
  return events;
}

void EventServer::acknowledge(const std::string& stream, const std::string& name, std::uint64_t sequence) {
  auto& consumer = streams_.at(stream).consumers.at(name);
  consumer.unacknowledged.erase(sequence);
  consumer.deliveries.erase(sequence);
}

void EventServer::retry(const std::string& stream, const std::string& name, std::uint64_t sequence,
                        Milliseconds after) {
  auto& consumer = streams_.at(stream).consumers.at(name);
  const auto found = consumer.unacknowledged.find(sequence);
  if (found != consumer.unacknowledged.end()) found->second = simulator_.elapsed() + after;
}

void EventServer::wait_for_event(Nanoseconds until) {
  const auto now = simulator_.elapsed();
  for (const auto& [name, stream] : streams_) {
    for (const auto& [consumer, durable] : stream.consumers) {
      for (const auto& [sequence, due] : durable.unacknowledged) {
        if (due > now) until = std::min(until, due);
      }
    }
  }
  waiting_.push_back(simulator_.fiber());
  if (!simulator_.park(until)) std::erase(waiting_, simulator_.fiber());
}

std::size_t EventServer::unhandled(const std::string& stream, const std::string& name) {
  const auto& of_stream = streams_.at(stream);
  const auto& consumer = of_stream.consumers.at(name);
  auto count = consumer.unacknowledged.size();
  for (const auto& event : of_stream.events) {
    const bool wanted = consumer.filter.empty() || consumer.filter == event.subject;
    if (event.sequence > consumer.delivered && wanted) ++count;
  }
  return count;
}

std::uint64_t EventServer::add_endpoint(Endpoint endpoint) {
  endpoints_.emplace(++numbers_, std::move(endpoint));
  return numbers_;
}

EventServer::Endpoint* EventServer::choose(std::string_view subject) {
  std::vector<Endpoint*> candidates;
  for (auto& [number, endpoint] : endpoints_) {
    const bool reached = endpoint.process->alive && endpoint.process->linked_to_bus;
    if (reached && endpoint.subject == subject) candidates.push_back(&endpoint);
  }
  return candidates.empty() ? nullptr : simulator_.random().pick(candidates);
}

std::uint64_t EventServer::subscribe(Subscriber subscriber) {
  subscribers_.emplace(++numbers_, std::move(subscriber));
  return numbers_;
}

void EventServer::publish(const std::string& subject, const std::string& body) {
  for (auto& [number, subscriber] : subscribers_) {
    if (subscriber.subject != subject || !subscriber.process->alive || !subscriber.process->linked_to_bus) continue;
    subscriber.deliver(subject, body);
  }
}

}  // namespace mm::simulation
