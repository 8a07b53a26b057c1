// The connection behind Bus, shared by the other parts of this folder.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "common/bus/bus.h"
#include "common/bus/faults.h"
#include "common/bus/nats_handles.h"

namespace mm::bus {

class ReplyMux;

/// Only our own alphabet, no empty tokens: nats.c sends a subject as it is, and a space or line break in it would
/// become another protocol command.
bool is_subject(std::string_view text);

/// What an answer message, or the reason that there is none, means to the one who asked.
Reply<std::string> answer_of(natsStatus status, natsMsg* message);

/// The confirmation of JetStream, or the reason that there is none.
Result<Stored, std::string> stored_of(natsStatus status, natsMsg* message, const std::string& server_id);

struct Bus::Impl {
  Impl(std::string instance, metrics::Registry& registry);
  ~Impl();

  natsStatus publish(std::string_view subject, std::string_view reply, std::string_view body,
                     const HeaderList& headers);
  /// To the reply subject of a message: any subject a client named, as the server gave it to us.
  natsStatus publish_reply(std::string_view reply, std::string_view body, const HeaderList& headers);
  /// The same for one of many at once, on a connection that gathers them for up to a millisecond: one write in place
  /// of one each. Like any answer it may be lost with the connection.
  natsStatus publish_gathered(std::string_view reply, std::string_view body, const HeaderList& headers);
  /// Writes what was gathered, now.
  void flush_gathered();
  /// Opens that connection; without it publish_gathered is publish_reply.
  void open_gathering();
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

  static std::string new_inbox();

 private:
  natsStatus send(natsConnection* over, const std::string& subject, const std::string& reply, std::string_view body,
                  const HeaderList& headers);

 public:

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
  std::mutex listening;
  std::list<Listener> listeners;            // protected by listening
};

}  // namespace mm::bus
