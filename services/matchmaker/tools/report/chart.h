// Line charts as SVG, drawn here so that a report is one file and needs no plotting program. The same picture becomes a
// PNG (png.h).
#pragma once

#include <string>
#include <vector>

namespace mm::matchmaker::tools {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< by x
  bool dashed = false;
  int color = 0;  ///< of the palette, any number from 0
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  std::vector<std::string> x_names;  ///< of x = 0, 1, …; none: x is a number
  bool y_from_zero = true;
};

/// A complete <svg> element, 640 by 360.
std::string svg(const Chart& chart);

/// Round numbers from at most `low` to at least `high`, about `count` of them.
std::vector<double> ticks(double low, double high, int count);

/// With &, <, >, " and ' written as entities.
std::string escaped(const std::string& text);

}  // namespace mm::matchmaker::tools
