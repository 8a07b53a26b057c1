// The default transport, with cpprestsdk. This file and socket.cpp work around these problems of cpprestsdk: its pool
// has 40 threads; an unobserved exception of a task ends the process; it does not resolve hosts in brackets;
// and if the server closes an idle connection, the next request fails.
#include "matchmaker/transport.h"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <mutex>

#include "src/address.h"
#include "src/socket.h"

namespace matchmaker {
namespace {

namespace http = web::http;

constexpr int kPoolThreads = 4;
constexpr std::chrono::milliseconds kMinTimeout{1};
constexpr std::chrono::milliseconds kMaxTimeout{3'600'000};

using Client = std::shared_ptr<http::client::http_client>;  // owners: the transport, and outstanding requests
using Answered = std::function<void(HttpAnswer)>;

void start_pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      crossplat::threadpool::initialize_with_threads(kPoolThreads);
    } catch (const std::exception&) {
      // The game itself uses cpprestsdk and has already set the size of the pool.
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

HttpAnswer not_sent(std::string why) {
  HttpAnswer answer;
  answer.error = std::move(why);
  answer.refused = true;
  return answer;
}

// cpprestsdk resolves an IPv6 host only without brackets. It then needs an explicit port and an explicit Host header.
std::string base_of(const Address& address) {
  return (address.tls ? "https://" : "http://") + address.host + ":" + std::to_string(address.port) + address.path;
}

http::http_request to_message(const HttpRequest& request, const std::string& host) {
  http::http_request message(request.method);
  message.set_request_uri(web::uri(request.target));
  for (const auto& header : request.headers) message.headers().add(header.first, header.second);
  message.headers().add("Host", host);
  if (!request.body.empty()) message.set_body(request.body, "application/json");
  return message;
}

HttpAnswer answer_of(const pplx::task<HttpAnswer>& task) {
  HttpAnswer answer;
  try {
    answer = task.get();
  } catch (const http::http_exception& error) {
    answer.error = error.what();
    answer.timed_out = error.error_code() == std::errc::timed_out;
  } catch (const std::exception& error) {
    answer.error = error.what();
  }
  return answer;
}

// Sends the request. If no answer arrives and it was not a timeout, sends the request again, up to `tries` times in
// all.
void attempt(const Client& client, const std::string& host, const std::shared_ptr<const HttpRequest>& request,
             const Answered& done, int tries) {
  pplx::task<http::http_response> sent;
  try {
    sent = client->request(to_message(*request, host));
  } catch (const std::exception& error) {
    return done(not_sent(error.what()));
  }
  sent.then([](const http::http_response& response) {
        const int status = response.status_code();
        return response.extract_vector().then([status](const std::vector<unsigned char>& body) {
          HttpAnswer answer;
          answer.status = status;
          answer.body.assign(body.begin(), body.end());
          return answer;
        });
      })
      .then([=](const pplx::task<HttpAnswer>& task) {
        auto answer = answer_of(task);
        const bool again = answer.status == 0 && !answer.timed_out && tries > 1;
        if (again) return attempt(client, host, request, done, tries - 1);
        done(std::move(answer));
      });
}

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(const std::string& gateway_url, std::chrono::milliseconds timeout)
      : gateway_(parse_gateway_address(gateway_url)) {
    start_pool();
    if (!gateway_) {
      why_not_ = gateway_.error().detail;
      return;
    }
    try {
      http::client::http_client_config config;
      config.set_timeout(std::min(std::max(timeout, kMinTimeout), kMaxTimeout));
      client_ = std::make_shared<http::client::http_client>(web::uri(base_of(*gateway_)), config);
    } catch (const std::exception& error) {
      why_not_ = error.what();
    }
  }

  void send(HttpRequest request, Answered done) override {
    if (!client_) return done(not_sent(why_not_));
    const int tries = may_repeat(request) ? 2 : 1;
    attempt(client_, gateway_->place(), std::make_shared<const HttpRequest>(std::move(request)), done, tries);
  }

  std::unique_ptr<Socket> open(const std::string& target, const std::string& access_token,
                               Socket::Handlers handlers) override {
    const bool own = !target.empty() && target[0] == '/';
    if (own && !gateway_) return open_socket(gateway_.error(), access_token, std::move(handlers));
    if (!own) return open_socket(parse_socket_address(target), access_token, std::move(handlers));
    auto address = *gateway_;
    address.path += target;
    return open_socket(std::move(address), access_token, std::move(handlers));
  }

 private:
  const Result<Address> gateway_;
  std::string why_not_;  // reason why client_ is null
  Client client_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(const std::string& gateway_url, std::chrono::milliseconds request_timeout) {
  return std::make_unique<CpprestTransport>(gateway_url, request_timeout);
}

}  // namespace matchmaker
