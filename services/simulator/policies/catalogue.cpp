#include "services/simulator/policies/catalogue.h"

#include "services/simulator/policies/faforever.h"
#include "services/simulator/policies/fifo.h"
#include "services/simulator/policies/flexmatch.h"
#include "services/simulator/policies/lila.h"
#include "services/simulator/policies/nakama.h"
#include "services/simulator/policies/nearest.h"
#include "services/simulator/policies/ours.h"

namespace mm::simulator {
namespace {

template <class T, auto... kOptions>
std::unique_ptr<Policy> make_per_region(const Terms& terms) {
  const auto make = [&terms](std::uint8_t) { return std::make_unique<T>(terms, kOptions...); };
  return std::make_unique<PerRegion>(terms.regions.size(), make);
}

using By = FlexMatch::ExpandBy;
using Precision = Nakama::Precision;

template <bool kHolds>
std::unique_ptr<Policy> make_ours(const Terms& terms) {
  return std::make_unique<Ours>(terms, Ours::Options{false, kHolds});
}

constexpr PolicyKind kKinds[] = {
    {"ours", "the platform's own matching core", Formats::any, Standing::ours, make_ours<false>},
    {"ours-holding", "the same, but delays a match while waiting is worth it", Formats::any, Standing::experiment,
     make_ours<true>},
    {"fifo", "a simple queue: the longest-waiting tickets first, whatever the rating", Formats::any, Standing::rival,
     make_per_region<Fifo>},
    {"nearest", "greedy: the oldest ticket with the nearest that all accept each other", Formats::any, Standing::rival,
     make_per_region<Nearest>},
    {"flexmatch", "around the oldest ticket; rules relax by the newest ticket (GameLift FlexMatch)", Formats::any,
     Standing::rival, make_per_region<FlexMatch, By::newest>},
    {"flexmatch-oldest", "the same; rules relax by the oldest ticket", Formats::any, Standing::rival,
     make_per_region<FlexMatch, By::oldest>},
    {"nakama", "a search per ticket every 15 s (Nakama)", Formats::any, Standing::rival,
     make_per_region<Nakama, Precision::one_way>},
    {"nakama-mutual", "the same with rev_precision: all must accept each other", Formats::any, Standing::rival,
     make_per_region<Nakama, Precision::mutual>},
    {"faforever", "periodic pops; stable marriage or neighbourhoods (Forged Alliance Forever)", Formats::two_teams,
     Standing::rival, make_per_region<FaForever>},
    {"lila", "waves with the pairing of greatest weight; duels only (lichess.org)", Formats::duels, Standing::rival,
     make_per_region<Lila>},
};

}  // namespace

std::span<const PolicyKind> policy_kinds() { return kKinds; }

const PolicyKind* find_policy(std::string_view name) {
  for (const PolicyKind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool plays(const PolicyKind& kind, const Terms& terms) {
  switch (kind.formats) {
    case Formats::any: return true;
    case Formats::two_teams: return terms.rules.teams == 2;
    case Formats::duels: return terms.rules.teams == 2 && terms.team_size == 1;
  }
  return false;
}

}  // namespace mm::simulator
