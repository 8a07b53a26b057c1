// One request on its way through the gateway: what was asked, by whom, and the one answer it will get. Handlers are
// chains of callbacks that hold it. Whatever happens it is answered exactly once: an exchange dropped without an answer
// answers internal_error. Used on the loop of its shard only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/security/jwt.h"
#include "services/gateway/asking.h"
#include "services/gateway/core/http.h"
#include "services/gateway/routes.h"

namespace mm::gateway {

/// Who asks, as their token says.
struct Principal {
  std::optional<security::AccessClaims> player;
  std::optional<security::ServerClaims> server;
  bool admin = false;
  std::optional<Region> home;  ///< chosen after the token was made

  Caller caller() const;
  const Region& home_region() const { return home ? *home : player->region; }
};

/// A connection may go on as a WebSocket.
struct Admission {
  std::optional<security::AccessClaims> player;  ///< none: a hello must bring the token
  std::optional<PartyId> party;                  ///< only for its members
  std::string address;
  HeaderFields headers;                          ///< of the answer
};

struct Outcome {
  HttpAnswer answer;
  std::optional<Admission> admission;  ///< instead of the answer
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Respond = std::function<void(Outcome)>;

  Exchange(Shard& shard, Respond respond);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // What was asked.
  Shard& shard;
  HttpRequest request;
  const Route* route = nullptr;
  wire::HttpParts parts;
  std::optional<json::Document> body;
  std::string request_id;
  trace::Context trace;
  Deadline deadline = Deadline::after(limits::kRequestDeadline);

  // Who asks.
  Principal principal;
  std::string address;  ///< as limits count it
  std::optional<Problem> refusal;  ///< decided, but the request is counted first

  // What goes with the answer.
  HeaderFields headers;
  std::optional<Allowance> allowance;

  Gateway& gateway() const { return shard.gateway; }
  TimePoint now() const { return gateway().runtime.clock.now(); }
  const security::AccessClaims& player() const { return *principal.player; }

  /// The message of this route, from path, query and body.
  template <class Req>
  Reply<Req> decode() {
    if (auto shaped = check_shape(); !shaped) return fail(std::move(shaped).error());
    static const json::Document kEmpty = *json::Document::parse("{}");
    return wire::decode_http<Req>(body ? *body : kEmpty, parts);
  }

  template <class Req, class Then>
  void ask(const Req& message, Then then) {
    mm::gateway::ask(shard, message, asker(), std::move(then));
  }
  Asker asker() const { return {principal.caller(), trace, deadline}; }

  /// Runs `work` once per Idempotency-Key, if the route takes one and the request has one.
  void once(std::function<void()> work);
  /// An id that is the same in every try under one Idempotency-Key.
  TicketId stable_ticket_id() const;

  void reply(std::string json) { reply(route->status, std::move(json)); }
  void reply(int status, std::string json);
  void reply(HttpAnswer answer);
  void refuse(Problem problem);
  void admit(Admission admission);

 private:
  struct Keyed {
    KeyedAttempt attempt;
    TimePoint created_at;
  };

  Reply<Done> check_shape() const;
  void refuse_running(Milliseconds most);
  void replay(const std::string& stored);
  void keep_and_finish(HttpAnswer answer);
  void finish(HttpAnswer answer);
  void add_headers(HttpAnswer& answer) const;
  void record(int status) const;

  Respond respond_;
  std::optional<Keyed> keyed_;
  std::optional<Code> refused_;
  const SteadyPoint started_;
};

}  // namespace mm::gateway
