#include "matchmaker/game_connection.h"

#include "matchmaker/transport.h"
#include "src/address.h"
#include "src/read.h"
#include "src/task_queue.h"

namespace matchmaker {
namespace {

constexpr int kNotOpened = 1006;

}  // namespace

// Shared by the GameConnection and its tick(), which continues to use the Impl after a handler destroys the
// GameConnection.
struct MATCHMAKER_HIDDEN GameConnection::Impl {
  std::shared_ptr<TaskQueue> tasks = std::make_shared<TaskQueue>();
  std::unique_ptr<Transport> transport;
  Handlers handlers;
  std::unique_ptr<Socket> socket;

  /// No handler runs after this call.
  void end() {
    tasks->close();
    socket.reset();
  }

  // Each handler is copied before it is called, because the handler may destroy this object.
  void received(const std::string& text) {
    const auto frame = parse_message(text);
    if (!frame) return;
    const auto event = text_of(*frame, "event");
    if (event == "joined") call(handlers.joined);
    if (event == "message") call(handlers.message, text_of(*frame, "from"), to_text(member(*frame, "data")));
  }

  template <class Handler, class... Args>
  static void call(Handler handler, const Args&... args) {
    if (handler) handler(args...);
  }
};

GameConnection::GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers)
    : GameConnection(server_url, join_token, std::move(handlers), make_transport("", std::chrono::seconds(10))) {}

GameConnection::GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers,
                               std::unique_ptr<Transport> transport)
    : impl_(std::make_shared<Impl>()) {
  impl_->handlers = std::move(handlers);
  impl_->transport = std::move(transport);
  // Tasks run only inside tick(), which keeps the Impl alive.
  auto* impl = impl_.get();
  auto tasks = impl_->tasks;
  Socket::Handlers events;
  events.opened = [impl, tasks, join_token] {
    tasks->post([impl, join_token] {
      if (impl->socket) impl->socket->send(JsonBody().set("type", "join").set("token", join_token).text());
    });
  };
  events.received = [impl, tasks](std::string text) {
    tasks->post([impl, text = std::move(text)] { impl->received(text); });
  };
  events.closed = [impl, tasks](int code, std::string why) {
    tasks->post([impl, code, why = std::move(why)] {
      impl->socket.reset();
      Impl::call(impl->handlers.closed, code, why);
    });
  };
  const auto address = parse_socket_address(server_url);
  if (address) impl_->socket = impl_->transport->open(server_url, "", std::move(events));
  else events.closed(kNotOpened, address.error().detail);
}

GameConnection::~GameConnection() { impl_->end(); }

int GameConnection::tick() {
  const auto impl = impl_;
  return impl->tasks->run();
}

bool GameConnection::send(const std::string& data_json) {
  auto data = parse_json(data_json);
  if (!data || !impl_->socket) return false;
  impl_->socket->send(JsonBody().set("type", "message").put("data", *std::move(data)).text());
  return true;
}

void GameConnection::close() { impl_->end(); }

}  // namespace matchmaker
