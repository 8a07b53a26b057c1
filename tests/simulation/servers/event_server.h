// A simulated nats-server: requests to endpoints, plain events to subscribers, and streams with durable consumers.
// Streams behave as JetStream does: a message id is stored once, an event that is not acknowledged is delivered again,
// and after a power loss the end of a stream is gone and the server has another id. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/caller.h"
#include "common/contracts/problem.h"
#include "tests/simulation/engine/simulator.h"

namespace mm::simulation {

class EventServer {
 public:
  static constexpr Milliseconds kAckWait{30'000};

  explicit EventServer(Simulator& simulator);

  struct Event {
    std::uint64_t sequence = 0;
    std::string subject;
    std::string body;
    std::string message_id;
    TimePoint stored_at;
    int deliveries = 1;  ///< set by pull()
  };
  struct Stored {
    std::uint64_t sequence = 0;
    bool duplicate = false;
  };

  bool up() const { return up_; }
  const std::string& id() const { return id_; }
  /// Everybody loses the connection. `lost`: the fraction of the events stored since the last synchronisation that a
  /// power loss takes from the end of each stream; 0: the process was only killed.
  void stop(double lost);
  void start();
  /// The events stored until now can no longer be lost, as after JetStream's synchronisation every two minutes.
  void synchronise();

  /// The stream is the one whose subjects begin with the first token of `subject`.
  Stored store(const std::string& subject, const std::string& body, const std::string& message_id, TimePoint now);
  const std::vector<Event>& stream(std::string_view name) const { return streams_.at(std::string(name)).events; }
  /// The number of distinct events that were ever stored, over all streams, by subject and first part of the id.
  const std::map<std::string, std::set<std::string>>& ever_stored() const { return ever_stored_; }

  /// Events for the consumer that are new, or due for another delivery.
  std::vector<Event> pull(const std::string& stream, const std::string& consumer, std::size_t most);
  void acknowledge(const std::string& stream, const std::string& consumer, std::uint64_t sequence);
  void retry(const std::string& stream, const std::string& consumer, std::uint64_t sequence, Milliseconds after);
  /// Waits until an event may have come, at most until that time.
  void wait_for_event(Nanoseconds until);
  /// Events that the consumer has not acknowledged or not received.
  std::size_t unhandled(const std::string& stream, const std::string& consumer);

  struct Request {
    std::string body;
    Caller caller;
    Milliseconds remaining{0};  ///< time until the caller's deadline
    std::function<void(Reply<std::string>)> answer;
  };
  struct Endpoint {
    Process* process = nullptr;
    std::string subject;
    std::function<void(Request)> deliver;  ///< must not wait
  };
  std::uint64_t add_endpoint(Endpoint endpoint);
  void remove_endpoint(std::uint64_t number) { endpoints_.erase(number); }
  /// An endpoint of a living process for the subject, chosen at random, or nullptr.
  Endpoint* choose(std::string_view subject);

  struct Subscriber {
    Process* process = nullptr;
    std::string subject;
    std::function<void(const std::string& subject, const std::string& body)> deliver;  ///< must not wait
  };
  std::uint64_t subscribe(Subscriber subscriber);
  void unsubscribe(std::uint64_t number) { subscribers_.erase(number); }
  void publish(const std::string& subject, const std::string& body);

 private:
  struct Durable {
    std::string filter;  ///< empty: all subjects of the stream
    std::uint64_t delivered = 0;
    std::map<std::uint64_t, Nanoseconds> unacknowledged;  ///< when the event is delivered again
    std::map<std::uint64_t, int> deliveries;
  };
  struct OneStream {
    std::vector<Event> events;
    std::map<std::string, std::uint64_t> known_ids;
    std::size_t synchronised = 0;
    std::uint64_t last = 0;
    std::map<std::string, Durable> consumers;
  };
  void lose_end(OneStream& stream, double lost);
  OneStream& stream_of(std::string_view subject);

  Simulator& simulator_;
  bool up_ = true;
  int starts_ = 1;
  std::string id_ = "nats-1";
  std::map<std::string, OneStream> streams_;
  std::map<std::uint64_t, Endpoint> endpoints_;
  std::map<std::uint64_t, Subscriber> subscribers_;
  std::uint64_t numbers_ = 0;
  std::vector<Fiber*> waiting_;
  std::map<std::string, std::set<std::string>> ever_stored_;
};

}  // namespace mm::simulation
