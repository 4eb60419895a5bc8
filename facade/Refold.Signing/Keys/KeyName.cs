// What a key may be called: the names of C2SP signed notes.
// Asked by keys, signature lines and reports.
using System.Text;

namespace Refold.Signing;

internal static class KeyName
{
    /// <summary>What is wrong with a name; null for nothing.</summary>
    public static string? FaultOf(string name)
    {
        if (name.Length == 0) return "is empty";
        for (var at = 0; at < name.Length;)
        {
            if (!Rune.TryGetRuneAt(name, at, out var rune)) return "has half a surrogate pair";
            if (Rune.IsWhiteSpace(rune)) return "has white space";
            if (rune.Value < ' ') return "has a control character";
            if (rune.Value == '+') return "has a plus";
            at += rune.Utf16SequenceLength;
        }

        return null;
    }

    public static void Require(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (FaultOf(name) is { } fault) throw new ArgumentException($"The name {fault}.", parameter);
    }
}
