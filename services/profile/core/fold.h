// The form in which user names and e-mail addresses are compared: lower case. User names are ASCII. In an address only
// ASCII letters are folded, because only its mail server knows whether other letters are equal.
#pragma once

#include <string>
#include <string_view>

namespace mm::profile {

inline std::string folded(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace mm::profile
