#include "tests/e2e/stack/client.h"

#define _TURN_OFF_PLATFORM_STRING  // cpprest's macro U() conflicts with GoogleTest's template parameter U
#include <cpprest/http_client.h>
#include <cpprest/ws_client.h>
#include <gtest/gtest.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "common/testing/documented_answers.h"
#include "common/testing/wait.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

std::optional<json::Value> walk(const json::Value& root, const std::string& path) {
  std::optional<json::Value> here = root;
  std::istringstream steps(path);
  std::string step;
  while (here && std::getline(steps, step, '.')) {
    if (here->is(json::Kind::array)) {
      std::optional<json::Value> element;
      std::size_t index = 0;
      here->each_element([&](const json::Value& value) {
        if (std::to_string(index++) == step) element = value;
      });
      here = element;
    } else {
      here = here->find(step);
    }
  }
  return here;
}

std::string text_of(const json::Value& value) {
  if (value.is(json::Kind::string)) return std::string(value.string());
  if (value.is(json::Kind::null)) return "";
  return value.text();
}

std::string fresh_name() {
  static std::atomic<unsigned> count{0};
  static const unsigned seed = std::random_device{}();
  return "p" + std::to_string(seed % 1'000'000) + "-" + std::to_string(++count);
}

void size_pool() {
  static std::once_flag once;
  std::call_once(once, [] { crossplat::threadpool::initialize_with_threads(4); });
}

}  // namespace

std::string member(const std::string& text, const std::string& path) {
  const auto document = json::Document::parse(text, {limits::kMaxJsonDepth, 1'000'000});
  if (!document) return "";
  const auto value = walk(document->root(), path);
  return value ? text_of(*value) : "";
}

std::size_t size_of(const std::string& text, const std::string& path) {
  const auto document = json::Document::parse(text, {limits::kMaxJsonDepth, 1'000'000});
  if (!document) return 0;
  const auto value = path.empty() ? std::optional(document->root()) : walk(document->root(), path);
  return value ? value->size() : 0;
}

std::string Answer::at(const std::string& path) const { return member(body, path); }
double Answer::number(const std::string& path) const { return std::atof(at(path).c_str()); }
std::size_t Answer::size(const std::string& path) const { return size_of(body, path); }

std::string gateway(const std::string& path) { return Stack::instance().gateway_url() + path; }
std::string websocket(const std::string& path) { return "ws" + Stack::instance().gateway_url().substr(4) + path; }

namespace {

Answer exchange(const std::string& method, const std::string& url, const std::string& body, const Headers& headers) {
  size_pool();
  const web::uri address(url);
  web::http::client::http_client_config config;
  config.set_timeout(std::chrono::seconds(20));
  web::http::client::http_client client(address.authority(), config);
  web::http::http_request request(method);
  request.set_request_uri(address.resource());
  if (!body.empty()) request.set_body(body, "application/json");
  for (const auto& [name, value] : headers) {
    if (name == "content-type") request.headers().set_content_type(value);
    else request.headers().add(name, value);
  }
  Answer answer;
  try {
    auto response = client.request(request).get();
    answer.status = response.status_code();
    for (const auto& [name, value] : response.headers()) {
      std::string lower = name;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return static_cast<char>(std::tolower(c)); });
      answer.headers[lower] = value;
    }
    answer.body = response.extract_utf8string(true).get();
  } catch (const std::exception& error) {
    answer.body = error.what();
  }
  return answer;
}

// The OpenAPI document of the running gateway, read once.
const testing::DocumentedAnswers& document() {
  static const testing::DocumentedAnswers read(exchange("GET", gateway("/openapi.json"), "", {}).body);
  return read;
}

}  // namespace

Answer http(const std::string& method, const std::string& url, const std::string& body, const Headers& headers) {
  auto answer = exchange(method, url, body, headers);
  const auto origin = gateway("");
  if (!url.starts_with(origin)) return answer;
  const auto type = answer.headers.find("content-type");
  const auto objection = document().objection({method, url.substr(origin.size()), answer.status,
                                               type == answer.headers.end() ? "" : type->second, answer.body});
  EXPECT_EQ(objection, "");
  return answer;
}

Player Player::fresh(const std::string& region) {
  Player player;
  const auto registered = player.sign_up(region);
  EXPECT_EQ(registered.status, 201) << registered.body;
  const auto login = player.log_in();
  EXPECT_EQ(login.status, 200) << login.body;
  return player;
}

Player Player::fresh_after_outage(const std::string& region) {
  Player player;
  EXPECT_TRUE(testing::eventually([&] { return player.sign_up(region).status == 201; }));
  EXPECT_TRUE(testing::eventually([&] { return player.log_in().status == 200; }));
  return player;
}

Answer Player::sign_up(const std::string& region) {
  name_ = fresh_name();
  password_ = "pass-" + name_;
  auto body =
      R"({"username":")" + name_ + R"(","email":")" + name_ + R"(@example.com","password":")" + password_ + "\"";
  if (!region.empty()) body += R"(,"region":")" + region + "\"";
  auto registered = http("POST", gateway("/v1/auth/register"), body + "}");
  id_ = registered.at("player_id");
  return registered;
}

Answer Player::log_in() {
  auto login =
      http("POST", gateway("/v1/auth/login"), R"({"username":")" + name_ + R"(","password":")" + password_ + R"("})");
  token_ = login.at("access_token");
  refresh_token_ = login.at("refresh_token");
  return login;
}

Answer Player::send(const std::string& method, const std::string& path, const std::string& body,
                    const Headers& more) const {
  Headers headers = more;
  headers["Authorization"] = "Bearer " + token_;
  return http(method, gateway(path), body, headers);
}

struct Socket::Impl {
  explicit Impl(web::websockets::client::websocket_client_config config) : client(std::move(config)) {}
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> frames;
  bool open = false;
  int close_code = 0;
  web::websockets::client::websocket_callback_client client;
};

Socket::Socket(const std::string& url, const std::string& token, const std::string& subprotocol) {
  size_pool();
  web::websockets::client::websocket_client_config config;
  if (!subprotocol.empty()) config.add_subprotocol(subprotocol);
  if (!token.empty()) config.headers().add("Authorization", "Bearer " + token);
  impl_ = std::make_shared<Impl>(std::move(config));
  auto impl = impl_;
  std::weak_ptr<Impl> weak = impl;
  impl->client.set_message_handler([weak](const web::websockets::client::websocket_incoming_message& message) {
    const auto self = weak.lock();
    if (!self) return;
    auto text = message.extract_string().get();
    std::lock_guard lock(self->mutex);
    self->frames.push_back(std::move(text));
    self->changed.notify_all();
  });
  impl->client.set_close_handler(
      [weak](web::websockets::client::websocket_close_status status, const std::string&, const std::error_code&) {
        const auto self = weak.lock();
        if (!self) return;
        std::lock_guard lock(self->mutex);
        self->close_code = static_cast<int>(status);
        self->changed.notify_all();
      });
  try {
    impl->client.connect(web::uri(url)).get();
    impl->open = true;
  } catch (const std::exception&) {
    impl->close_code = -1;
  }
}

Socket::Socket(Socket&&) noexcept = default;

Socket::~Socket() {
  if (!impl_) return;
  try {
    impl_->client.close().get();
  } catch (const std::exception&) {
  }
}

bool Socket::open() const { return impl_->open; }

void Socket::send(const std::string& text) {
  web::websockets::client::websocket_outgoing_message message;
  message.set_utf8_message(text);
  try {
    impl_->client.send(message).get();
  } catch (const std::exception&) {
  }
}

std::string Socket::wait_for(const std::string& event, Milliseconds within) {
  std::unique_lock lock(impl_->mutex);
  std::string found;
  impl_->changed.wait_for(lock, within, [&] {
    while (found.empty() && !impl_->frames.empty()) {
      auto frame = std::move(impl_->frames.front());
      impl_->frames.pop_front();
      if (member(frame, "event") == event) found = std::move(frame);
    }
    return !found.empty() || impl_->close_code != 0;
  });
  return found;
}

int Socket::wait_closed(Milliseconds within) {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, within, [&] { return impl_->close_code != 0; });
  return impl_->close_code;
}

}  // namespace mm::e2e
