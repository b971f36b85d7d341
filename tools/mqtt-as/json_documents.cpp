// Boost.JSON, compiled here once: Debian has it as headers alone.
#include <boost/json/src.hpp>
