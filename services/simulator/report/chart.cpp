#include "services/simulator/report/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "services/simulator/report/table.h"

namespace mm::simulator {
namespace {

constexpr double kWidth = 640, kHeight = 360;
constexpr double kLeft = 62, kRight = 624, kTop = 44, kBottom = 286;
constexpr double kLegend = 336;

/// The colours of Okabe and Ito, which colour-blind readers can tell apart.
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};

struct Scale {
  double low, high, from, to;
  double operator()(double value) const {
    return high > low ? from + (value - low) / (high - low) * (to - from) : from;
  }
};

std::string format(const char* pattern, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string label_at(double x, double y, const char* anchor, const std::string& text, int size = 11) {
  return format(R"(<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d">)", x, y, anchor, size) + escaped(text) +
         "</text>\n";
}

std::string number_label(double value, double step) {
  const int decimals = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
  return number_text(value, std::clamp(decimals, 0, 6));
}

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::string y_axis(const std::vector<double>& marks, const Scale& y) {
  std::string text;
  const double step = marks.size() > 1 ? marks[1] - marks[0] : 1;
  for (const double mark : marks) {
    text += format(R"(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/>)", kLeft, y(mark), kRight, y(mark));
    text += "\n" + label_at(kLeft - 6, y(mark) + 4, "end", number_label(mark, step));
  }
  return text;
}

std::string x_axis(const Chart& chart, const std::vector<double>& marks, const Scale& x) {
  std::string text;
  const double step = marks.size() > 1 ? marks[1] - marks[0] : 1;
  for (const double mark : marks) {
    text += format(R"(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#888"/>)", x(mark), kBottom, x(mark),
                   kBottom + 4);
    const auto index = static_cast<std::size_t>(std::max(0.0, mark));
    const bool named = !chart.x_names.empty();
    text +=
        "\n" + label_at(x(mark), kBottom + 17, "middle",
                        named ? chart.x_names[std::min(index, chart.x_names.size() - 1)] : number_label(mark, step));
  }
  text += format(R"(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#888"/>)", kLeft, kBottom, kRight, kBottom);
  return text + "\n" + label_at((kLeft + kRight) / 2, kBottom + 34, "middle", chart.x_label);
}

std::string curve(const Series& series, const Scale& x, const Scale& y, bool dots) {
  const char* color = kColors[static_cast<std::size_t>(series.color) % std::size(kColors)];
  std::string path;
  std::string marks;
  for (const auto& [px, py] : series.points) {
    if (!std::isfinite(py)) continue;
    path += format("%s%.1f %.1f", path.empty() ? "M" : " L", x(px), y(py));
    if (dots) marks += format(R"(<circle cx="%.1f" cy="%.1f" r="2.6" fill="%s"/>)", x(px), y(py), color);
  }
  if (path.empty()) return "";
  const char* dashes = series.dashed ? R"( stroke-dasharray="5 4")" : "";
  return format(R"(<path fill="none" stroke="%s" stroke-width="1.8"%s d=")", color, dashes) + path + "\"/>" + marks +
         "\n";
}

std::string legend(const std::vector<Series>& series) {
  std::string text;
  double at = kLeft;
  for (const Series& one : series) {
    const char* color = kColors[static_cast<std::size_t>(one.color) % std::size(kColors)];
    text += format(R"(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="2.4"%s/>)", at,
                   kLegend + 8, at + 22, kLegend + 8, color, one.dashed ? R"( stroke-dasharray="5 4")" : "");
    text += "\n" + label_at(at + 27, kLegend + 12, "start", one.name);
    at += 44 + 6.4 * static_cast<double>(one.name.size());
  }
  return text;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: safe += c;
    }
  }
  return safe;
}

std::vector<double> ticks(double low, double high, int count) {
  if (!(high > low)) high = low + 1;
  const double rough = (high - low) / std::max(1, count);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double multiple : {1.0, 2.0, 5.0}) {
    if (rough <= multiple * power * (1 + 1e-9)) {
      step = multiple * power;
      break;
    }
  }
  std::vector<double> marks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double mark = first; mark <= last; ++mark) marks.push_back(mark * step);
  return marks;
}

std::string svg(const Chart& chart) {
  Extent xs, ys;
  for (const Series& series : chart.series) {
    for (const auto& [px, py] : series.points) {
      xs.add(px);
      if (std::isfinite(py)) ys.add(py);
    }
  }
  if (!(xs.high >= xs.low)) xs = {0, 1};
  if (!(ys.high >= ys.low)) ys = {0, 1};
  if (chart.y_from_zero) ys.low = std::min(0.0, ys.low);
  const std::vector<double> y_marks = ticks(ys.low, ys.high, 5);
  std::vector<double> x_marks;
  if (chart.x_names.empty()) x_marks = ticks(xs.low, xs.high, 8);
  else
    for (double i = xs.low; i <= xs.high; ++i) x_marks.push_back(i);
  const Scale x{x_marks.front(), x_marks.back(), kLeft + 8, kRight - 8};
  const Scale y{y_marks.front(), y_marks.back(), kBottom, kTop};

  std::string text = format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="DejaVu Sans, Verdana, sans-serif" fill="#222">)",
      kWidth, kHeight, kWidth, kHeight);
  text += "\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  text += label_at(kLeft, 20, "start", chart.title, 13);
  text += label_at(kLeft, 36, "start", chart.y_label, 10);
  text += y_axis(y_marks, y) + x_axis(chart, x_marks, x);
  for (const Series& series : chart.series) text += curve(series, x, y, series.points.size() <= 30);
  return text + legend(chart.series) + "</svg>\n";
}

}  // namespace mm::simulator
