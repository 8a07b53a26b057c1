// Messages of the lobby service: parties. The caller is the player in the request's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/matchmaker.h"

namespace mm {

enum class PartyStatus { idle, queued, in_match };

template <>
struct EnumText<PartyStatus> {
  static constexpr std::array<std::pair<PartyStatus, std::string_view>, 3> kAll{{
      {PartyStatus::idle, "idle"},
      {PartyStatus::queued, "queued"},
      {PartyStatus::in_match, "in_match"},
  }};
};

struct PartyMember {
  PlayerId player_id;
  std::string username;
  bool ready = false;
  TimePoint joined_at;
  bool connected = false;  ///< has an open socket; always false for a player who uses only HTTP
};

template <class F>
void describe(F& f, PartyMember& m) {
  f("player_id", m.player_id);
  f("username", m.username);
  f("ready", m.ready);
  f("joined_at", m.joined_at);
  f("connected", m.connected, fields::Optional{});
}

struct Party {
  PartyId party_id;
  PlayerId leader_id;
  Region region;
  int max_size = 5;
  bool is_public = true;
  PartyStatus status = PartyStatus::idle;  ///< derived from ticket_id and match_id
  std::optional<TicketId> ticket_id;
  std::optional<MatchId> match_id;
  std::vector<PartyMember> members;  ///< in the order in which they joined
  std::int64_t version = 0;          ///< incremented by each change
  TimePoint created_at;
};

template <class F>
void describe(F& f, Party& m) {
  f("party_id", m.party_id);
  f("leader_id", m.leader_id);
  f("region", m.region);
  f("max_size", m.max_size);
  f("is_public", m.is_public);
  f("status", m.status);
  f("ticket_id", m.ticket_id);
  f("match_id", m.match_id);
  f("members", m.members);
  f("version", m.version);
  f("created_at", m.created_at);
}

/// `username` and `home_region` come from the caller's token.
struct CreateParty {
  static constexpr Subject kSubject{"lobby.create"};
  using Answer = Party;

  int max_size = 5;
  std::optional<Region> region;
  bool is_public = true;
  std::string username;
  std::optional<Region> home_region;
};

template <class F>
void describe(F& f, CreateParty& m) {
  using namespace fields;
  f("max_size", m.max_size, Optional{}, InRange{1, limits::kMaxPartySize});
  f("region", m.region);
  f("is_public", m.is_public, Optional{});
  f("username", m.username, Optional{}, Internal{}, Length{0, 32});
  f("home_region", m.home_region, Internal{});
}

/// Returns a party by its id, or the party of a player (no_party if there is none).
struct GetParty {
  static constexpr Subject kSubject{"lobby.get"};
  using Answer = Party;

  std::optional<PartyId> party_id;
  std::optional<PlayerId> player_id;
};

template <class F>
void describe(F& f, GetParty& m) {
  f("party_id", m.party_id, fields::InPath{});
  f("player_id", m.player_id, fields::Internal{});
}

struct JoinParty {
  static constexpr Subject kSubject{"lobby.join"};
  using Answer = Party;

  PartyId party_id;
  std::string username;
};

template <class F>
void describe(F& f, JoinParty& m) {
  using namespace fields;
  f("party_id", m.party_id, InPath{});
  f("username", m.username, Optional{}, Internal{}, Length{0, 32});
}

/// An answer without content.
struct Empty {};

template <class F>
void describe(F&, Empty&) {}

struct LeaveParty {
  static constexpr Subject kSubject{"lobby.leave"};
  using Answer = Empty;

  PartyId party_id;
};

template <class F>
void describe(F& f, LeaveParty& m) {
  f("party_id", m.party_id, fields::InPath{});
}

struct ReadyState {
  PartyId party_id;
  int ready_count = 0;
  int total_count = 0;
  bool all_ready = false;
  std::vector<PlayerId> not_ready;
};

template <class F>
void describe(F& f, ReadyState& m) {
  f("party_id", m.party_id);
  f("ready_count", m.ready_count);
  f("total_count", m.total_count);
  f("all_ready", m.all_ready);
  f("not_ready", m.not_ready);
}

/// An absent `ready` toggles the caller's state.
struct SetReady {
  static constexpr Subject kSubject{"lobby.ready"};
  using Answer = ReadyState;

  PartyId party_id;
  std::optional<bool> ready;
};

template <class F>
void describe(F& f, SetReady& m) {
  f("party_id", m.party_id, fields::InPath{});
  f("ready", m.ready);
}

struct InvitePlayer {
  static constexpr Subject kSubject{"lobby.invite"};
  using Answer = Party;

  PartyId party_id;
  PlayerId player_id;
};

template <class F>
void describe(F& f, InvitePlayer& m) {
  f("party_id", m.party_id, fields::InPath{});
  f("player_id", m.player_id);
}

/// An open invitation, as the invited player sees it.
struct Invitation {
  PartyId party_id;
  PlayerId from_player_id;
  std::string from_username;
  TimePoint expires_at;
};

template <class F>
void describe(F& f, Invitation& m) {
  f("party_id", m.party_id);
  f("from_player_id", m.from_player_id);
  f("from_username", m.from_username);
  f("expires_at", m.expires_at);
}

/// How an invitation ended.
enum class InviteEnd { accepted, declined, withdrawn, expired, party_disbanded };

template <>
struct EnumText<InviteEnd> {
  static constexpr std::array<std::pair<InviteEnd, std::string_view>, 5> kAll{{
      {InviteEnd::accepted, "accepted"},
      {InviteEnd::declined, "declined"},
      {InviteEnd::withdrawn, "withdrawn"},
      {InviteEnd::expired, "expired"},
      {InviteEnd::party_disbanded, "party_disbanded"},
  }};
};

struct OpenInvitations {
  std::vector<Invitation> invites;  ///< in the order in which they expire
};

template <class F>
void describe(F& f, OpenInvitations& m) {
  f("invites", m.invites);
}

/// The caller's open invitations.
struct GetInvitations {
  static constexpr Subject kSubject{"lobby.invites"};
  using Answer = OpenInvitations;
};

template <class F>
void describe(F&, GetInvitations&) {}

/// Without `player_id` the caller declines their own invitation. With it the leader withdraws that player's invitation.
struct RemoveInvitation {
  static constexpr Subject kSubject{"lobby.uninvite"};
  using Answer = Empty;

  PartyId party_id;
  std::optional<PlayerId> player_id;
};

template <class F>
void describe(F& f, RemoveInvitation& m) {
  f("party_id", m.party_id, fields::InPath{});
  f("player_id", m.player_id, fields::InQuery{});
}

struct KickPlayer {
  static constexpr Subject kSubject{"lobby.kick"};
  using Answer = Party;

  PartyId party_id;
  PlayerId player_id;
};

template <class F>
void describe(F& f, KickPlayer& m) {
  f("party_id", m.party_id, fields::InPath{});
  f("player_id", m.player_id);
}

struct PromotePlayer {
  static constexpr Subject kSubject{"lobby.promote"};
  using Answer = Party;

  PartyId party_id;
  PlayerId player_id;
};

template <class F>
void describe(F& f, PromotePlayer& m) {
  f("party_id", m.party_id, fields::InPath{});
  f("player_id", m.player_id);
}

struct SendChat {
  static constexpr Subject kSubject{"lobby.chat"};
  using Answer = Empty;

  PartyId party_id;
  std::string text;
};

template <class F>
void describe(F& f, SendChat& m) {
  using namespace fields;
  f("party_id", m.party_id, InPath{});
  f("text", m.text, Length{1, 500}, PrintableText{});
}

/// With `party_id` the leader queues the party. Without it the caller queues alone.
struct EnterQueue {
  static constexpr Subject kSubject{"lobby.enqueue"};
  using Answer = Ticket;

  std::optional<PartyId> party_id;
  Mode mode;
  std::optional<int> team_size;
  std::optional<Region> region;
  std::optional<Latencies> latencies;
  std::optional<TicketId> ticket_id;  ///< set by the gateway, so that a retry has the same ticket
  std::optional<Region> home_region;  ///< from the caller's token
};

template <class F>
void describe(F& f, EnterQueue& m) {
  using namespace fields;
  f("party_id", m.party_id);
  f("mode", m.mode);
  f("team_size", m.team_size, InRange{1, limits::kMaxTeamSize});
  f("region", m.region);
  f("latencies", m.latencies, kLatencyCount, kLatencyRange);
  f("ticket_id", m.ticket_id, Internal{});
  f("home_region", m.home_region, Internal{});
}

/// Leaves the queue, by ticket (for its player, or the leader of its party) or by party (for its leader).
struct LeaveQueue {
  static constexpr Subject kSubject{"lobby.cancel"};
  using Answer = CancelledTicket;

  std::optional<TicketId> ticket_id;
  std::optional<PartyId> party_id;
};

template <class F>
void describe(F& f, LeaveQueue& m) {
  f("ticket_id", m.ticket_id, fields::InPath{});
  f("party_id", m.party_id, fields::InQuery{});
}

}  // namespace mm
