// The connection behind Bus, shared by the other parts of this folder.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "common/bus/bus.h"
#include "common/bus/faults.h"
#include "common/bus/nats_handles.h"

namespace mm::bus {

class ReplyMux;

/// Only our own alphabet, no empty tokens: nats.c sends a subject as it is, and a space or line break in it would
/// become another protocol command.
bool is_subject(std::string_view text);

/// Random letters and digits that cannot be guessed.
std::string random_word();

/// Where an answer may be sent: to an inbox. A request that names another reply subject would have us publish there
/// with our rights, say to the API of JetStream.
bool is_inbox(std::string_view reply);

/// What an answer message, or the reason that there is none, means to the one who asked.
Reply<std::string> answer_of(natsStatus status, natsMsg* message);

/// The confirmation of JetStream, or the reason that there is none.
Result<Stored, std::string> stored_of(natsStatus status, natsMsg* message, const std::string& server_id);

struct Bus::Impl {
  Impl(const Options& options, metrics::Registry& registry);
  ~Impl();

  natsStatus publish(std::string_view subject, std::string_view reply, std::string_view body,
                     const HeaderList& headers);
  /// To the reply subject of a message, over the connection it came on: only there nats-server lets us answer.
  natsStatus publish_reply(natsConnection* over, std::string_view reply, std::string_view body,
                           const HeaderList& headers);
  natsStatus publish_reply(std::string_view reply, std::string_view body, const HeaderList& headers) {
    return publish_reply(connection, reply, body, headers);
  }
  /// The connection for subjects whose requests are answered many at once: it gathers what is published for up to a
  /// millisecond, one write in place of one each. Opened at the first call; the other connection if that fails.
  natsConnection* gathering_connection();
  /// Writes what was gathered, now.
  void flush_gathered();
  /// One request on a thread that may block.
  natsStatus ask(std::string_view subject, std::string_view body, const HeaderList& headers, Deadline deadline,
                 MsgPtr& answer);
  void flush(Milliseconds within);

  /// Counts why a request had no answer; nothing for other statuses.
  void count(natsStatus status);

  /// The one that stores many events; made when first needed.
  ReplyMux& mux();

  /// Called (on a library thread) when the connection is lost.
  using Listener = std::function<void()>;
  std::list<Listener>::iterator listen(Listener listener);
  void forget(std::list<Listener>::iterator listener);

  /// A new one under the prefix that only our user may read, without the last dot.
  std::string new_inbox() const;

 private:
  natsStatus send(natsConnection* over, const std::string& subject, const std::string& reply, std::string_view body,
                  const HeaderList& headers);

 public:

  const std::string inbox_prefix;  // without the dot
  const EventKeys keys;
  metrics::Registry& registry;
  metrics::Gauge up;
  metrics::Counter reconnects;
  metrics::Counter without_responder;
  metrics::Counter timed_out;
  metrics::Counter disconnected;
  Faults faults;

  natsConnection* connection = nullptr;
  OptionsPtr gathering_options;
  std::atomic<natsConnection*> gathering = nullptr;  // made under mutex, then constant
  std::atomic<bool> closing{false};
  std::atomic<std::uint64_t> reconnections{0};

  std::mutex mutex;
  std::condition_variable changed;
  int open_connections = 0;                 // those whose last callback is still to come; protected by mutex
  std::map<std::string, metrics::Counter, std::less<>> undecodable;  // protected by mutex
  std::unique_ptr<ReplyMux> reply_mux;      // made under mutex, then constant
  std::set<std::string> missing_consumers;  // protected by mutex
  std::mutex listening;
  std::list<Listener> listeners;            // protected by listening
};

}  // namespace mm::bus
