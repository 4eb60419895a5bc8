// What is not to be written of an exchange: named headers, query members, members of JSON bodies.
// Used by OperationHttpHandler; OperationEntry asks whether an answer bears its mark out.
using System.Text;
using System.Text.Json;
using Refold.Interop;

namespace Refold;

internal sealed class Redaction
{
    /// <summary>What stands in its place.</summary>
    public static readonly string Mark = RedactedPaths.Mark;

    private readonly HashSet<string> headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> queries = new(StringComparer.Ordinal);
    private readonly RedactedPaths paths;

    /// <exception cref="ArgumentException">An item is no header, query member or path.</exception>
    public Redaction(IEnumerable<string> items)
    {
        var named = new List<string>();
        foreach (var item in items)
        {
            ArgumentException.ThrowIfNullOrEmpty(item);
            if (item.StartsWith("$.", StringComparison.Ordinal))
                named.Add(item);
            else if (item[0] == '?' && item.Length > 1)
                queries.Add(item[1..]);
            else if (item.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
                headers.Add(item);
            else
                throw Wrong(item);
        }

        paths = RedactedPaths.Of(named, nameof(items));
    }

    /// <summary>Whether a header's value is not written.</summary>
    public bool IsHeader(string name) => headers.Contains(name);

    /// <summary>A URI with the values of its redacted query members replaced.</summary>
    public string Of(Uri uri, HiddenValues hidden)
    {
        var text = uri.IsAbsoluteUri ? uri.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped) : uri.OriginalString;
        var start = text.IndexOf('?', StringComparison.Ordinal);
        if (queries.Count == 0 || start < 0) return text;
        var members = text[(start + 1)..].Split('&').Select(member =>
        {
            var name = member.Split('=')[0];
            if (!queries.Contains(Uri.UnescapeDataString(name))) return member;
            var value = member[Math.Min(member.Length, name.Length + 1)..];
            hidden.Add(value);
            hidden.Add(Uri.UnescapeDataString(value));
            return name + "=" + Mark;
        });
        return text[..(start + 1)] + string.Join('&', members);
    }

    /// <summary>A body with its redacted members replaced; the body itself where it has none of them. Where it is no JSON and paths were
    /// named, all of it is replaced: nobody can tell what is in it.</summary>
    public byte[] Of(byte[] body, HiddenValues hidden)
    {
        if (paths.IsEmpty || body.Length == 0) return body;
        try
        {
            return paths.Replace(body, hidden)?.ToArray() ?? body;
        }
        catch (FormatException)
        {
            hidden.Add(Encoding.UTF8.GetString(body));
            return Encoding.UTF8.GetBytes(Mark);
        }
    }

    /// <summary>Whether the mark stands in a recorded answer: in a header, a message, or the body.</summary>
    public static bool IsIn(Encoded answer)
    {
        var mark = Encoding.UTF8.GetBytes(Mark);
        if (answer.Payload.Span.IndexOf(mark) >= 0) return true;
        try
        {
            using var document = JsonDocument.Parse(answer.Payload);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(nameof(HttpAnswered.Body), out var body)
                && body.ValueKind == JsonValueKind.String
                && body.TryGetBytesFromBase64(out var bytes)
                && bytes.AsSpan().IndexOf(mark) >= 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ArgumentException Wrong(string item) => new(
        $"'{item}' names nothing that can be redacted: write a header (Authorization), a query member (?token), or a path in a JSON body "
        + "($.card.number, $.items[*].secret).", nameof(item));
}
