// Numbers as decimal text: the state of projections that count.
// Used by the tests of projections and by EqualProjections.
using System.Globalization;
using System.Text;

namespace Refold.Suites;

internal static class Numbers
{
    public static Codec<long> Codec { get; } = Refold.Codec.Create<long>(
        "number", number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
        bytes => long.Parse(Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture));
}
