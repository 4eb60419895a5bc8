// The text of a value, the same under every culture: records print their members, and users' values, in the thread's.
// Called by ToString of records and results that hold times, numbers or values of users.
using System.Globalization;
using System.Text;

namespace Refold.Interop;

internal static class InvariantText
{
    /// <summary>The text a record has, its members printed under the invariant culture.</summary>
    /// <param name="name">The record's name.</param>
    /// <param name="print">Its <c>PrintMembers</c>.</param>
    public static string Of(string name, Func<StringBuilder, bool> print) => Of(() =>
    {
        var text = new StringBuilder(name).Append(" { ");
        if (print(text)) text.Append(' ');
        return text.Append('}').ToString();
    });

    /// <summary>A text made under the invariant culture.</summary>
    public static string Of(Func<string> make)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return make();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
