// The implementation of Bus, used by the other files of this folder.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <optional>
#include <set>

#include "common/base/mutex.h"
#include "common/bus/async_errors.h"
#include "common/bus/bus.h"
#include "common/bus/nats_handles.h"

namespace mm::bus {

class ReplyMux;

/// Whether a subject has only allowed characters and no empty token. nats.c sends subjects unchecked, and a space or
/// line break in a subject would start another protocol command.
bool is_subject(std::string_view text);

/// Random letters and digits that cannot be guessed.
std::string random_word();

/// Whether a reply subject is an inbox. Answers are sent only to inboxes: a request with another reply subject could
/// make this process publish there with its own rights, for example to the API of JetStream.
bool is_inbox(std::string_view reply);

/// Converts the answer to a request, or the failure to get one, into the caller's result.
Reply<std::string> answer_of(natsStatus status, natsMsg* message);

/// Converts JetStream's confirmation, or the failure to get one, into the caller's result.
Result<Stored, std::string> stored_of(natsStatus status, natsMsg* message, const std::string& server_id);

struct Bus::Impl {
  Impl(const Options& options, metrics::Registry& registry);
  ~Impl();

  natsStatus publish(std::string_view subject, std::string_view reply, std::string_view body,
                     const HeaderList& headers);
  /// Publishes to the reply subject of a message. `over` must be the connection on which the message arrived:
  /// nats-server allows the answer only there.
  natsStatus publish_reply(natsConnection* over, std::string_view reply, std::string_view body,
                           const HeaderList& headers);
  natsStatus publish_reply(std::string_view reply, std::string_view body, const HeaderList& headers) {
    return publish_reply(connection, reply, body, headers);
  }
  /// The connection for subjects with many requests at a time. It collects published messages for up to a millisecond
  /// and writes them together. Opened at the first call. If opening fails, returns the main connection.
  natsConnection* buffered_connection();
  /// Writes the collected messages immediately.
  void flush_buffered();
  /// Sends one request and waits for its answer. Blocks the calling thread.
  natsStatus request(std::string_view subject, std::string_view body, const HeaderList& headers, Deadline deadline,
                     MsgPtr& answer);
  void flush(Milliseconds within);

  /// Counts the reason why a request had no answer. Does nothing for other statuses.
  void count(natsStatus status);

  /// The ReplyMux of store_all and request, created at the first call.
  ReplyMux& mux();

  /// A callback for the loss of the connection. Runs on a library thread.
  using Listener = std::function<void()>;
  std::list<Listener>::iterator listen(Listener listener);
  void forget(std::list<Listener>::iterator listener);

  /// A new inbox under the prefix that only this user may subscribe to, without the last dot.
  std::string new_inbox() const;

 private:
  natsStatus send(natsConnection* over, const std::string& subject, const std::string& reply, std::string_view body,
                  const HeaderList& headers);

 public:
  const std::string user;
  const std::string inbox_prefix;  // without the dot
  const EventKeys keys;
  metrics::Registry& registry;
  metrics::Gauge up;
  metrics::Counter reconnects;
  metrics::Counter without_responder;
  metrics::Counter timed_out;
  metrics::Counter disconnected;
  AsyncErrors async_errors;

  natsConnection* connection = nullptr;
  OptionsPtr buffered_options;
  std::atomic<natsConnection*> buffered = nullptr;  // made under mutex, then constant
  std::atomic<bool> closing{false};
  std::atomic<std::uint64_t> reconnections{0};

  Mutex mutex;
  Condition changed;
  int open_connections GUARDED_BY(mutex) = 0;  // connections whose closed callback has not run yet
  std::map<std::string, metrics::Counter, std::less<>> undecodable GUARDED_BY(mutex);
  std::unique_ptr<ReplyMux> reply_mux;  // made under mutex, then constant
  std::set<std::string> missing_consumers GUARDED_BY(mutex);
  Mutex listening;
  std::list<Listener> listeners GUARDED_BY(listening);
};

}  // namespace mm::bus
