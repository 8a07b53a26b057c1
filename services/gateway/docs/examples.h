// One example per request for the published document, so that "Try it out" works at the first click.
#pragma once

#include <string>
#include <vector>

#include "common/wire/schema.h"

namespace mm::gateway::docs {

/// A value of that field that is accepted, as JSON text: from the list of examples, else from the field's schema.
std::string example_of(const wire::Property& property);

/// A body with every required field, and those optional ones that a first try has use for.
std::string example_body(const std::vector<wire::Property>& properties);

}  // namespace mm::gateway::docs
