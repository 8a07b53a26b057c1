// Maximum weight matching in a general graph: pairs vertices so that the sum of the weights is maximal.
//
// Edmonds' blossom algorithm with dual variables ("Maximum matching and a polyhedron with 0,1-vertices", 1965) in the
// O(n^3) form that Galil surveys ("Efficient algorithms for finding maximum matching in graphs", 1986): grow
// alternating trees from the unmatched vertices; an edge between two trees augments the matching; an edge inside a tree
// closes an odd cycle, which is shrunk to one vertex; when no tight edge is left, the duals move until one is tight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace mm::simulator {

class Blossom {
 public:
  static constexpr int kNobody = -1;

  explicit Blossom(std::size_t vertices);

  /// Weights are positive. Pairs that were not connected are never matched.
  void connect(std::size_t a, std::size_t b, std::int64_t weight);
  /// The partner of each vertex, or kNobody.
  std::vector<int> solve();

 private:
  // Vertices are 1 to n, shrunken cycles n + 1 to 2n; 0 means none.
  struct Edge {
    int u = 0;
    int v = 0;
    std::int64_t weight = 0;
  };
  enum class Side : std::int8_t { free = -1, outer = 0, inner = 1 };

  Edge& edge(int u, int v) { return edges_[at(u)][at(v)]; }
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }
  std::int64_t slack_of(const Edge& e) const;
  void offer_slack(int u, int x);
  void renew_slack(int x);
  void visit_all_of(int x);
  void put_under(int x, int root);
  int place_in_cycle(int cycle, int member);
  void pair(int u, int v);
  void augment(int u, int v);
  int common_ancestor(int u, int v);
  void shrink(int u, int ancestor, int v);
  void expand(int cycle);
  bool follow(const Edge& found);
  bool search();
  bool follow_tight_edges();
  std::int64_t least_step();
  bool move_duals(std::int64_t step);

  int n_;
  int last_;  ///< largest index in use
  std::vector<std::vector<Edge>> edges_;
  std::vector<std::int64_t> dual_;
  std::vector<int> mate_, slack_, root_, parent_, seen_;
  std::vector<Side> side_;
  std::vector<std::vector<int>> cycle_;  ///< members of a shrunken vertex, in order, the base first
  std::vector<std::vector<int>> holds_;  ///< [cycle][vertex]: the member of the cycle that contains the vertex
  std::deque<int> queue_;
  int round_ = 0;
};

}  // namespace mm::simulator
