// The parameters of a population: how many play, how well, with whom, where, when, and for how long. They are read from
// a file (population_file.h); with a seed they give a crowd (crowd.h).
#pragma once

#include <string>
#include <vector>

#include "common/contracts/names.h"

namespace mm::simulator {

/// A group of players whose ratings are drawn from N(mean, sd).
struct RatingGroup {
  double share = 1;
  double mean = 1500;
  double sd = 300;
  double deviation = 60;  ///< uncertainty of these ratings
};

/// The share of all parties (not of all players) with this size.
struct PartyShare {
  int size = 1;
  double share = 1;
};

/// A region and the share of the parties that live there. Regions are points in a plane; a distance of 1 is a round
/// trip of one millisecond.
struct PlaceOfPlay {
  Region name;
  double share = 1;
  double x = 0;
  double y = 0;
};

struct Population {
  std::string name;
  std::string about;
  std::string mode = "ranked";
  int team_size = 5;
  int players = 1000;

  // The simulated time.
  double minutes = 60;          ///< tickets that enter in this time are measured
  double warm_up_minutes = 15;  ///< simulated before, but not measured
  double start_hour = 19;       ///< hour of the day at which the warm-up begins
  double tick_ms = 100;

  // The behaviour of a party: away, then a session of some matches, then away again.
  std::vector<double> activity;    ///< relative activity by hour of the day, 24 numbers; empty: constant
  double away_minutes = 60;        ///< mean over the day
  double matches_per_session = 5;  ///< mean
  double pause_seconds = 20;       ///< mean time from the end of a match to the next enqueue
  double match_minutes = 15;       ///< mean
  double match_minutes_sd = 3;
  double patience_minutes = 0;  ///< mean wait after which a party gives up; 0: it waits until the mode's deadline

  std::vector<RatingGroup> ratings{RatingGroup{}};
  double lowest_rating = 0;
  double highest_rating = 3500;
  std::vector<PartyShare> parties{PartyShare{}};
  double party_rating_sd = 100;  ///< deviation of the members' ratings from that of the first member

  /// With fewer than two regions, latencies are ignored.
  std::vector<PlaceOfPlay> regions;
  double last_mile_ms = 15;  ///< mean latency added by each player's own connection
  double region_sd_ms = 10;  ///< distance of players from their region's place
};

/// The field list: f(name, member, lowest, highest).
template <class F>
void describe(F& f, RatingGroup& m) {
  f("share", m.share, 0, 1e6);
  f("mean", m.mean, -10'000, 10'000);
  f("sd", m.sd, 0, 5'000);
  f("deviation", m.deviation, 0, 1'000);
}

template <class F>
void describe(F& f, PartyShare& m) {
  f("size", m.size, 1, 10);
  f("share", m.share, 0, 1e6);
}

template <class F>
void describe(F& f, PlaceOfPlay& m) {
  f("name", m.name);
  f("share", m.share, 0, 1e6);
  f("x", m.x, -1'000, 1'000);
  f("y", m.y, -1'000, 1'000);
}

template <class F>
void describe(F& f, Population& m) {
  f("about", m.about);
  f("mode", m.mode);
  f("team_size", m.team_size, 1, 100);
  f("players", m.players, 2, 2'000'000);
  f("minutes", m.minutes, 0.1, 100'000);
  f("warm_up_minutes", m.warm_up_minutes, 0, 100'000);
  f("start_hour", m.start_hour, 0, 24);
  f("tick_ms", m.tick_ms, 1, 60'000);
  f("activity", m.activity, 0, 1e6);
  f("away_minutes", m.away_minutes, 0.01, 100'000);
  f("matches_per_session", m.matches_per_session, 1, 10'000);
  f("pause_seconds", m.pause_seconds, 0, 100'000);
  f("match_minutes", m.match_minutes, 0.1, 10'000);
  f("match_minutes_sd", m.match_minutes_sd, 0, 10'000);
  f("patience_minutes", m.patience_minutes, 0, 100'000);
  f("rating", m.ratings);
  f("lowest_rating", m.lowest_rating, -10'000, 10'000);
  f("highest_rating", m.highest_rating, -10'000, 10'000);
  f("party", m.parties);
  f("party_rating_sd", m.party_rating_sd, 0, 5'000);
  f("region", m.regions);
  f("last_mile_ms", m.last_mile_ms, 0, 1'000);
  f("region_sd_ms", m.region_sd_ms, 0, 1'000);
}

}  // namespace mm::simulator
