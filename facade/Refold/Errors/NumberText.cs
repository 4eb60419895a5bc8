// Numbers as they stand in messages: the same in every culture.
// Called where an exception names a place.
using System.Globalization;

namespace Refold;

internal static class NumberText
{
    public static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);
}
