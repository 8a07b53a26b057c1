// The default transport, on cpprestsdk. Its traps are handled here: the pool of 40 threads, exceptions in unobserved
// tasks that end the process, and the keep-alive race (an idle connection closed by the server fails the next request).
#include "matchmaker/transport.h"

#include <cpprest/http_client.h>
#include <cpprest/ws_client.h>
#include <pplx/threadpool.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace matchmaker {
namespace {

namespace http = web::http;
namespace ws = web::websockets::client;

constexpr int kPoolThreads = 4;
constexpr std::chrono::seconds kCloseWait{1};

void start_pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      crossplat::threadpool::initialize_with_threads(kPoolThreads);
    } catch (const std::exception&) {
      // The game uses cpprestsdk itself and has sized the pool.
    }
  });
}

bool may_repeat(const HttpRequest& request) {
  if (request.method == "GET") return true;
  for (const auto& header : request.headers) {
    if (header.first == "Idempotency-Key") return true;
  }
  return false;
}

http::http_request to_message(const HttpRequest& request) {
  http::http_request message(request.method);
  message.set_request_uri(web::uri(request.target));
  for (const auto& [name, value] : request.headers) message.headers().add(name, value);
  if (!request.body.empty()) message.set_body(request.body, "application/json");
  return message;
}

class CpprestSocket final : public Socket {
 public:
  CpprestSocket(ws::websocket_client_config config, Handlers handlers)
      : shared_(std::make_shared<Shared>(std::move(config))) {
    shared_->handlers = std::move(handlers);
  }

  ~CpprestSocket() override {
    {
      std::lock_guard lock(shared_->mutex);
      shared_->handlers = {};
    }
    // The library joins its own thread when the client goes, so the last reference may not be let go on that thread: a
    // thread of the pool does it, once no callback holds on. The continuation's function is copied, so it holds one owner
    // through a plain pointer. We wait for it a little, so that a program that ends does not end in the middle of it.
    auto gone = std::make_shared<std::promise<void>>();
    auto* owner = new std::shared_ptr<Shared>(std::move(shared_));
    (*owner)->client.close().then([owner, gone](pplx::task<void> closed) {
      try {
        closed.get();
      } catch (const std::exception&) {
        // It was never open, or broke: closed all the same.
      }
      while (owner->use_count() > 1) std::this_thread::yield();
      delete owner;
      gone->set_value();
    });
    gone->get_future().wait_for(kCloseWait);
  }

  void connect(const std::string& url) {
    std::weak_ptr<Shared> weak = shared_;
    shared_->client.set_message_handler([weak](const ws::websocket_incoming_message& message) {
      auto shared = weak.lock();
      if (!shared || message.message_type() != ws::websocket_message_type::text_message) return;
      message.extract_string().then([shared](pplx::task<std::string> text) {
        try {
          shared->received(text.get());
        } catch (const std::exception&) {
        }
      });
    });
    shared_->client.set_close_handler(
        [weak](ws::websocket_close_status status, const utility::string_t& reason, const std::error_code&) {
          if (auto shared = weak.lock()) shared->closed(static_cast<int>(status), reason);
        });
    web::uri address;
    try {
      address = web::uri(url);
    } catch (const std::exception& error) {
      return shared_->closed(1006, error.what());
    }
    shared_->client.connect(address).then([shared = shared_](pplx::task<void> done) {
      try {
        done.get();
        shared->opened();
      } catch (const std::exception& error) {
        shared->closed(1006, error.what());
      }
    });
  }

  void send(std::string text) override {
    ws::websocket_outgoing_message message;
    message.set_utf8_message(std::move(text));
    shared_->client.send(message).then([](pplx::task<void> sent) {
      try {
        sent.get();
      } catch (const std::exception&) {
        // The close handler tells.
      }
    });
  }

 private:
  // Owners: the socket, and the library's callbacks while they run.
  struct Shared {
    explicit Shared(ws::websocket_client_config config) : client(std::move(config)) {}

    void opened() { call([](Handlers& h) { if (h.opened) h.opened(); }); }
    void received(std::string text) {
      call([&](Handlers& h) { if (h.received) h.received(std::move(text)); });
    }
    void closed(int code, const std::string& why) {
      if (told.exchange(true)) return;
      call([&](Handlers& h) { if (h.closed) h.closed(code, why); });
    }
    template <class F>
    void call(F f) {
      std::lock_guard lock(mutex);
      f(handlers);
    }

    std::mutex mutex;
    Handlers handlers;
    std::atomic<bool> told{false};
    ws::websocket_callback_client client;
  };

  std::shared_ptr<Shared> shared_;
};

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(const std::string& gateway_url, std::chrono::milliseconds timeout) : url_(gateway_url) {
    start_pool();
    http::client::http_client_config config;
    config.set_timeout(timeout);
    if (!gateway_url.empty()) client_ = std::make_shared<http::client::http_client>(web::uri(gateway_url), config);
  }

  void send(HttpRequest request, std::function<void(HttpAnswer)> done) override {
    const int tries = may_repeat(request) ? 2 : 1;
    attempt(client_, std::make_shared<HttpRequest>(std::move(request)), std::move(done), tries);
  }

  std::unique_ptr<Socket> open(const std::string& target, const std::string& access_token,
                               Socket::Handlers handlers) override {
    ws::websocket_client_config config;
    if (!access_token.empty()) {
      config.add_subprotocol("mm.v1.json");
      config.headers().add("Authorization", "Bearer " + access_token);
    }
    auto socket = std::make_unique<CpprestSocket>(std::move(config), std::move(handlers));
    // http://… -> ws://…, https://… -> wss://…
    socket->connect(target.rfind("ws", 0) == 0 ? target : "ws" + url_.substr(4) + target);
    return socket;
  }

 private:
  static void attempt(std::shared_ptr<http::client::http_client> client, std::shared_ptr<HttpRequest> request,
                      std::function<void(HttpAnswer)> done, int tries) {
    client->request(to_message(*request))
        .then([](http::http_response response) {
          const int status = response.status_code();
          return response.extract_utf8string(true).then([status](std::string body) {
            HttpAnswer answer;
            answer.status = status;
            answer.body = std::move(body);
            return answer;
          });
        })
        .then([=](pplx::task<HttpAnswer> task) {
          HttpAnswer answer;
          try {
            answer = task.get();
          } catch (const http::http_exception& error) {
            answer.error = error.what();
            answer.timed_out = error.error_code() == std::errc::timed_out;
          } catch (const std::exception& error) {
            answer.error = error.what();
          }
          if (answer.status == 0 && !answer.timed_out && tries > 1) return attempt(client, request, done, tries - 1);
          done(std::move(answer));
        });
  }

  std::string url_;
  std::shared_ptr<http::client::http_client> client_;  // owners: this, and requests under way
};

}  // namespace

std::unique_ptr<Transport> make_transport(const std::string& gateway_url, std::chrono::milliseconds request_timeout) {
  return std::make_unique<CpprestTransport>(gateway_url, request_timeout);
}

}  // namespace matchmaker
