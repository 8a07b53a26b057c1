// Example values for the OpenAPI document, so that Swagger UI's "Try it out" sends valid requests.
#pragma once

#include <string>
#include <vector>

#include "common/wire/schema.h"

namespace mm::gateway::docs {

/// A valid value of the field as JSON text, from the list of examples or, if it is not listed, from the field's schema.
std::string example_of(const wire::Property& property);

/// A JSON body with all required fields and with the optional fields that are useful in a first request.
std::string example_body(const std::vector<wire::Property>& properties);

}  // namespace mm::gateway::docs
