#include "matchmaker/game_connection.h"

#include "matchmaker/transport.h"
#include "src/json.h"
#include "src/mailbox.h"

namespace matchmaker {

struct GameConnection::Impl {
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::unique_ptr<Transport> transport;
  Handlers handlers;
  std::unique_ptr<Socket> socket;

  void received(const std::string& text) {
    const auto frame = Json::parse(text);
    if (!frame) return;
    const auto event = frame->text("event");
    if (event == "joined" && handlers.joined) handlers.joined();
    if (event == "message" && handlers.message) handlers.message(frame->text("from"), frame->at("data").serialized());
  }
};

GameConnection::GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers)
    : impl_(std::make_unique<Impl>()) {
  impl_->handlers = std::move(handlers);
  impl_->transport = make_transport("", std::chrono::seconds(10));
  auto* impl = impl_.get();
  auto mail = impl_->mailbox;
  Socket::Handlers events;
  events.opened = [impl, mail, join_token] {
    mail->post([impl, join_token] {
      if (impl->socket) impl->socket->send(JsonBody().set("type", "join").set("token", join_token).text());
    });
  };
  events.received = [impl, mail](std::string text) {
    mail->post([impl, text = std::move(text)] { impl->received(text); });
  };
  events.closed = [impl, mail](int code, std::string why) {
    mail->post([impl, code, why = std::move(why)] {
      if (impl->handlers.closed) impl->handlers.closed(code, why);
    });
  };
  impl_->socket = impl_->transport->open(server_url, "", std::move(events));
}

GameConnection::~GameConnection() { impl_->mailbox->close(); }

int GameConnection::tick() {
  auto letters = impl_->mailbox->take();
  for (auto& letter : letters) letter();
  return static_cast<int>(letters.size());
}

void GameConnection::send(const std::string& data_json) {
  std::error_code error;
  auto data = web::json::value::parse(data_json, error);
  if (error || !impl_->socket) return;
  impl_->socket->send(JsonBody().set("type", "message").put("data", std::move(data)).text());
}

void GameConnection::close() { impl_->socket.reset(); }

}  // namespace matchmaker
