#include "services/simulator/policies/blossom.h"

#include <algorithm>
#include <limits>

namespace mm::simulator {

Blossom::Blossom(std::size_t vertices) : n_(static_cast<int>(vertices)), last_(n_) {
  const std::size_t all = 2 * vertices + 1;
  edges_.assign(all, std::vector<Edge>(all));
  for (int u = 1; u <= n_; ++u) {
    for (int v = 1; v <= n_; ++v) edge(u, v) = {u, v, 0};
  }
  dual_.assign(all, 0);
  mate_.assign(all, 0);
  slack_.assign(all, 0);
  root_.assign(all, 0);
  parent_.assign(all, 0);
  seen_.assign(all, 0);
  side_.assign(all, Side::free);
  cycle_.assign(all, {});
  holds_.assign(all, std::vector<int>(vertices + 1, 0));
}

void Blossom::connect(std::size_t a, std::size_t b, std::int64_t weight) {
  const int u = static_cast<int>(a) + 1;
  const int v = static_cast<int>(b) + 1;
  edge(u, v).weight = edge(v, u).weight = weight;
}

std::vector<int> Blossom::solve() {
  std::int64_t heaviest = 0;
  for (int u = 1; u <= n_; ++u) {
    root_[at(u)] = u;
    holds_[at(u)][at(u)] = u;
    for (int v = 1; v <= n_; ++v) heaviest = std::max(heaviest, edge(u, v).weight);
  }
  for (int u = 1; u <= n_; ++u) dual_[at(u)] = heaviest;
  while (search()) {
  }
  std::vector<int> partner;
  for (int u = 1; u <= n_; ++u) partner.push_back(mate_[at(u)] == 0 ? kNobody : mate_[at(u)] - 1);
  return partner;
}

/// Duals are stored doubled, so that they stay integers.
std::int64_t Blossom::slack_of(const Edge& e) const {
  return dual_[at(e.u)] + dual_[at(e.v)] - edges_[at(e.u)][at(e.v)].weight * 2;
}

void Blossom::offer_slack(int u, int x) {
  int& best = slack_[at(x)];
  if (best == 0 || slack_of(edge(u, x)) < slack_of(edge(best, x))) best = u;
}

void Blossom::renew_slack(int x) {
  slack_[at(x)] = 0;
  for (int u = 1; u <= n_; ++u) {
    const bool outer = root_[at(u)] != x && side_[at(root_[at(u)])] == Side::outer;
    if (edge(u, x).weight > 0 && outer) offer_slack(u, x);
  }
}

void Blossom::visit_all_of(int x) {
  if (x <= n_) return queue_.push_back(x);
  for (const int member : cycle_[at(x)]) visit_all_of(member);
}

void Blossom::put_under(int x, int root) {
  root_[at(x)] = root;
  if (x <= n_) return;
  for (const int member : cycle_[at(x)]) put_under(member, root);
}

/// The place of a member at an even number of steps from the base; reverses the cycle if the number is odd.
int Blossom::place_in_cycle(int cycle, int member) {
  auto& members = cycle_[at(cycle)];
  const auto found = std::find(members.begin(), members.end(), member);
  const auto place = static_cast<int>(found - members.begin());
  if (place % 2 == 0) return place;
  std::reverse(members.begin() + 1, members.end());
  return static_cast<int>(members.size()) - place;
}

void Blossom::pair(int u, int v) {
  const Edge e = edge(u, v);
  mate_[at(u)] = e.v;
  if (u <= n_) return;
  const int member = holds_[at(u)][at(e.u)];
  const int place = place_in_cycle(u, member);
  auto& members = cycle_[at(u)];
  for (int i = 0; i < place; ++i) pair(members[at(i)], members[at(i ^ 1)]);
  pair(member, v);
  std::rotate(members.begin(), members.begin() + place, members.end());
}

void Blossom::augment(int u, int v) {
  while (true) {
    const int before = root_[at(mate_[at(u)])];
    pair(u, v);
    if (before == 0) return;
    const int next = root_[at(parent_[at(before)])];
    pair(before, next);
    u = next;
    v = before;
  }
}

int Blossom::common_ancestor(int u, int v) {
  for (++round_; u != 0 || v != 0; std::swap(u, v)) {
    if (u == 0) continue;
    if (seen_[at(u)] == round_) return u;
    seen_[at(u)] = round_;
    u = root_[at(mate_[at(u)])];
    if (u != 0) u = root_[at(parent_[at(u)])];
  }
  return 0;
}

void Blossom::shrink(int u, int ancestor, int v) {
  int b = n_ + 1;
  while (b <= last_ && root_[at(b)] != 0) ++b;
  last_ = std::max(last_, b);
  dual_[at(b)] = 0;
  side_[at(b)] = Side::outer;
  mate_[at(b)] = mate_[at(ancestor)];
  auto& members = cycle_[at(b)];
  members.assign(1, ancestor);
  const auto collect = [&](int from) {
    while (from != ancestor) {
      const int inner = root_[at(mate_[at(from)])];
      members.push_back(from);
      members.push_back(inner);
      visit_all_of(inner);
      from = root_[at(parent_[at(inner)])];
    }
  };
  collect(u);
  std::reverse(members.begin() + 1, members.end());
  collect(v);
  put_under(b, b);
  for (int x = 1; x <= last_; ++x) edge(b, x).weight = edge(x, b).weight = 0;
  std::fill(holds_[at(b)].begin(), holds_[at(b)].end(), 0);
  for (const int member : members) {
    for (int x = 1; x <= last_; ++x) {
      const bool closer = edge(b, x).weight == 0 || slack_of(edge(member, x)) < slack_of(edge(b, x));
      if (!closer) continue;
      edge(b, x) = edge(member, x);
      edge(x, b) = edge(x, member);
    }
    for (int x = 1; x <= n_; ++x) {
      if (holds_[at(member)][at(x)] != 0) holds_[at(b)][at(x)] = member;
    }
  }
  renew_slack(b);
}

void Blossom::expand(int b) {
  for (const int member : cycle_[at(b)]) put_under(member, member);
  const int entry = holds_[at(b)][at(edge(b, parent_[at(b)]).u)];
  const int place = place_in_cycle(b, entry);
  const auto& members = cycle_[at(b)];
  for (int i = 0; i < place; i += 2) {
    const int inner = members[at(i)];
    const int outer = members[at(i + 1)];
    parent_[at(inner)] = edge(outer, inner).u;
    side_[at(inner)] = Side::inner;
    side_[at(outer)] = Side::outer;
    slack_[at(inner)] = 0;
    renew_slack(outer);
    visit_all_of(outer);
  }
  side_[at(entry)] = Side::inner;
  parent_[at(entry)] = parent_[at(b)];
  for (std::size_t i = at(place) + 1; i < members.size(); ++i) {
    side_[at(members[i])] = Side::free;
    renew_slack(members[i]);
  }
  root_[at(b)] = 0;
}

/// Returns true if the matching grew.
bool Blossom::follow(const Edge& found) {
  const int u = root_[at(found.u)];
  const int v = root_[at(found.v)];
  if (side_[at(v)] == Side::free) {
    const int mate = root_[at(mate_[at(v)])];
    parent_[at(v)] = found.u;
    side_[at(v)] = Side::inner;
    slack_[at(v)] = slack_[at(mate)] = 0;
    side_[at(mate)] = Side::outer;
    visit_all_of(mate);
  } else if (side_[at(v)] == Side::outer) {
    const int ancestor = common_ancestor(u, v);
    if (ancestor == 0) {
      augment(u, v);
      augment(v, u);
      return true;
    }
    shrink(u, ancestor, v);
  }
  return false;
}

/// Grows the matching by one pair. Returns false if no further pair increases the weight.
bool Blossom::search() {
  std::fill(side_.begin(), side_.begin() + last_ + 1, Side::free);
  std::fill(slack_.begin(), slack_.begin() + last_ + 1, 0);
  queue_.clear();
  for (int x = 1; x <= last_; ++x) {
    if (root_[at(x)] != x || mate_[at(x)] != 0) continue;
    parent_[at(x)] = 0;
    side_[at(x)] = Side::outer;
    visit_all_of(x);
  }
  if (queue_.empty()) return false;
  while (true) {
    if (follow_tight_edges()) return true;
    if (!move_duals(least_step())) return false;
    queue_.clear();
    for (int x = 1; x <= last_; ++x) {
      const int from = slack_[at(x)];
      const bool tight = root_[at(x)] == x && from != 0 && root_[at(from)] != x && slack_of(edge(from, x)) == 0;
      if (tight && follow(edge(from, x))) return true;
    }
    for (int b = n_ + 1; b <= last_; ++b) {
      if (root_[at(b)] == b && side_[at(b)] == Side::inner && dual_[at(b)] == 0) expand(b);
    }
  }
}

bool Blossom::follow_tight_edges() {
  while (!queue_.empty()) {
    const int u = queue_.front();
    queue_.pop_front();
    if (side_[at(root_[at(u)])] == Side::inner) continue;
    for (int v = 1; v <= n_; ++v) {
      const Edge e = edge(u, v);
      if (e.weight <= 0 || root_[at(u)] == root_[at(v)]) continue;
      if (slack_of(e) != 0) offer_slack(u, root_[at(v)]);
      else if (follow(e)) return true;
    }
  }
  return false;
}

std::int64_t Blossom::least_step() {
  std::int64_t step = std::numeric_limits<std::int64_t>::max();
  for (int b = n_ + 1; b <= last_; ++b) {
    if (root_[at(b)] == b && side_[at(b)] == Side::inner) step = std::min(step, dual_[at(b)] / 2);
  }
  for (int x = 1; x <= last_; ++x) {
    if (root_[at(x)] != x || slack_[at(x)] == 0) continue;
    const std::int64_t slack = slack_of(edge(slack_[at(x)], x));
    if (side_[at(x)] == Side::free) step = std::min(step, slack);
    if (side_[at(x)] == Side::outer) step = std::min(step, slack / 2);
  }
  return step;
}

/// Returns false if an unmatched vertex's dual would become 0: the matching is then optimal.
bool Blossom::move_duals(std::int64_t step) {
  for (int u = 1; u <= n_; ++u) {
    if (side_[at(root_[at(u)])] == Side::outer && dual_[at(u)] <= step) return false;
  }
  for (int u = 1; u <= n_; ++u) {
    const Side side = side_[at(root_[at(u)])];
    if (side == Side::outer) dual_[at(u)] -= step;
    if (side == Side::inner) dual_[at(u)] += step;
  }
  for (int b = n_ + 1; b <= last_; ++b) {
    if (root_[at(b)] != b) continue;
    if (side_[at(b)] == Side::outer) dual_[at(b)] += step * 2;
    if (side_[at(b)] == Side::inner) dual_[at(b)] -= step * 2;
  }
  return true;
}

}  // namespace mm::simulator
