// Line charts as SVG, drawn here so that a report is one file and needs no plotting program. png.h converts the SVG to
// a PNG.
#pragma once

#include <string>
#include <vector>

namespace mm::simulator {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< sorted by x
  bool dashed = false;
  int color = 0;  ///< index in the palette, from 0; wraps around
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  std::vector<std::string> x_names;  ///< labels of x = 0, 1, …; empty: x is a number
  bool y_from_zero = true;
};

/// A complete <svg> element, 640 by 360.
std::string svg(const Chart& chart);

/// Round numbers whose range includes `low` and `high`; about `count` of them.
std::vector<double> ticks(double low, double high, int count);

/// The text with &, <, >, " and ' replaced by entities.
std::string escaped(const std::string& text);

}  // namespace mm::simulator
