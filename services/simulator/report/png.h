// Turns an SVG into a PNG with rsvg-convert (Debian's librsvg2-bin), if that is installed.
#pragma once

#include <string>

namespace mm::simulator {

/// Whether rsvg-convert is installed.
bool can_write_png();

/// Returns false if the program cannot be run or fails.
bool write_png(const std::string& svg_path, const std::string& png_path);

}  // namespace mm::simulator
