// Messages that only the gateway uses: answers that it creates itself instead of forwarding them, the WebSocket frames
// welcome, bye, hello and ping, and the stored form of an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/frames.h"
#include "common/contracts/recent.h"
#include "common/contracts/work.h"

namespace mm::gateway {

/// The answer to login and refresh.
struct TokenPair {
  std::string access_token;
  std::string refresh_token;
  std::string token_type = "bearer";
  int expires_in = 900;  ///< lifetime of the access token in seconds
};

template <class F>
void describe(F& f, TokenPair& m) {
  f("access_token", m.access_token);
  f("refresh_token", m.refresh_token);
  f("token_type", m.token_type);
  f("expires_in", m.expires_in);
}

struct RefreshTokens {
  using Answer = TokenPair;
  static constexpr Work kWork = Work::change;
  std::string refresh_token;
};

template <class F>
void describe(F& f, RefreshTokens& m) {
  f("refresh_token", m.refresh_token, fields::Bytes{1, 512});
}

struct Logout {
  using Answer = Empty;
  static constexpr Work kWork = Work::finish;
  std::string refresh_token;
};

template <class F>
void describe(F& f, Logout& m) {
  f("refresh_token", m.refresh_token, fields::Bytes{1, 512});
}

/// A request without fields.
struct NoFields {};

template <class F>
void describe(F&, NoFields&) {}

/// The current state of a player. A part that does not exist is absent. `invites` is absent if there are none. `recent`
/// lists the matches that ended within the last ten minutes, the latest last, for clients that were disconnected.
struct ActiveState {
  std::optional<Party> party;
  std::optional<Ticket> ticket;
  std::optional<MatchView> match;
  std::optional<std::vector<Invitation>> invites;
  std::optional<std::vector<RecentMatch>> recent;
};

template <class F>
void describe(F& f, ActiveState& m) {
  f("party", m.party);
  f("ticket", m.ticket);
  f("match", m.match);
  f("invites", m.invites);
  f("recent", m.recent);
}

struct PlayerSummary {
  PlayerId player_id;
  std::string username;
  Region region;
};

template <class F>
void describe(F& f, PlayerSummary& m) {
  f("player_id", m.player_id);
  f("username", m.username);
  f("region", m.region);
}

/// The first frame on an authenticated socket. Sent again whenever frames may have been lost.
struct Welcome {
  static constexpr std::string_view kEvent = "welcome";
  PlayerSummary player;
  std::optional<Party> party;
  std::optional<Ticket> ticket;
  std::optional<MatchView> match;
  std::optional<std::vector<Invitation>> invites;  ///< absent if there are none
  std::optional<std::vector<RecentMatch>> recent;
  bool resumed = false;  ///< true: all frames that the client had missed were sent before this frame
};

template <class F>
void describe(F& f, Welcome& m) {
  f("player", m.player);
  f("party", m.party);
  f("ticket", m.ticket);
  f("match", m.match);
  f("invites", m.invites);
  f("recent", m.recent);
  f("resumed", m.resumed);
}

/// The last frame before the gateway closes a socket.
struct Bye {
  static constexpr std::string_view kEvent = "bye";
  int code = 1012;
  std::string reason;
  std::optional<int> reconnect_after_ms;
};

template <class F>
void describe(F& f, Bye& m) {
  f("code", m.code);
  f("reason", m.reason);
  f("reconnect_after_ms", m.reconnect_after_ms);
}

/// The query of the URL of a WebSocket.
struct OpenSocket {
  std::optional<std::int64_t> resume;  ///< the number of the last frame that the client has, as in Resume
};

template <class F>
void describe(F& f, OpenSocket& m) {
  f("resume", m.resume, fields::InQuery{}, fields::InRange{0, 9e15});
}

/// The client has all frames up to `seq`. 0: it has none.
struct Resume {
  std::int64_t seq = 0;
};

template <class F>
void describe(F& f, Resume& m) {
  f("seq", m.seq, fields::InRange{0, 9e15});
}

/// The first frame of a client that sent no Authorization header. Sent later, it renews the token.
struct Hello {
  std::string type;
  std::string token;
  std::optional<Resume> resume;
  std::optional<std::string> ref;
};

template <class F>
void describe(F& f, Hello& m) {
  f("type", m.type);
  f("token", m.token, fields::Bytes{1, 4096});
  f("resume", m.resume);
  f("ref", m.ref, fields::Length{1, 64});
}

struct Ping {
  std::string type;
  std::optional<std::string> ref;
};

template <class F>
void describe(F& f, Ping& m) {
  f("type", m.type);
  f("ref", m.ref, fields::Length{1, 64});
}

struct Health {
  std::string status = "ok";
};

template <class F>
void describe(F& f, Health& m) {
  f("status", m.status);
}

struct Version {
  std::string version;
};

template <class F>
void describe(F& f, Version& m) {
  f("version", m.version);
}

/// GET /: the paths of the documents, for clients that do not follow the redirect.
struct Entry {
  std::string docs = "/docs";
  std::string redoc = "/redoc";
  std::string openapi = "/openapi.json";
  std::string asyncapi = "/asyncapi.json";
};

template <class F>
void describe(F& f, Entry& m) {
  f("docs", m.docs);
  f("redoc", m.redoc);
  f("openapi", m.openapi);
  f("asyncapi", m.asyncapi);
}

/// GET /errors/{code}: the resource that the `type` of a problem refers to.
struct ErrorInfo {
  std::string code;
  int status = 500;
  std::string title;
  std::string advice;  ///< what a client developer can do about the problem
};

template <class F>
void describe(F& f, ErrorInfo& m) {
  f("code", m.code);
  f("status", m.status);
  f("title", m.title);
  f("advice", m.advice);
}

/// An answer as it is stored under an Idempotency-Key.
struct StoredAnswer {
  int status = 200;
  std::string content_type;
  std::optional<std::string> location;
  std::string body;
};

template <class F>
void describe(F& f, StoredAnswer& m) {
  f("status", m.status);
  f("content_type", m.content_type);
  f("location", m.location);
  f("body", m.body);
}

}  // namespace mm::gateway
