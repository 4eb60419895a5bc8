// What is not to be written of an exchange: named headers, query members, members of JSON bodies; and what else tells of them.
// Used by OperationHttpHandler; OperationEntry asks whether an answer bears its mark out.
using System.Text;
using Refold.Interop;

namespace Refold;

internal sealed class Redaction
{
    /// <summary>What stands in its place.</summary>
    public static readonly string Mark = RedactedPaths.Mark;

    // A shorter part of a header is a word of HTTP, such as a scheme or an attribute.
    private const int ShortestPart = 8;

    // Headers that hold an address and nothing else.
    private static readonly HashSet<string> Addresses =
        new(StringComparer.OrdinalIgnoreCase) { "Location", "Content-Location", "Referer" };

    private readonly HashSet<string> headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly RedactedQueries queries = new();
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

    /// <summary>A request as it is written.</summary>
    public HttpAsked Of(HttpAsked asked, HiddenValues hidden)
    {
        var (body, told) = BodyOf(asked.Body, hidden);
        queries.In(asked.Uri, isAddress: true, hidden);
        var headers = Named(asked.Headers, told, hidden);
        return asked with { Uri = Without(asked.Uri, isAddress: true, hidden), Headers = Without(headers, hidden), Body = body };
    }

    /// <summary>An answer as it is written.</summary>
    public HttpAnswered Of(HttpAnswered answered, HiddenValues hidden)
    {
        var (body, told) = BodyOf(answered.Body, hidden);
        var (headers, content) = (Named(answered.Headers, told, hidden), Named(answered.ContentHeaders, told, hidden));
        return answered with
        {
            Reason = answered.Reason is { } reason ? Without(reason, isAddress: false, hidden) : null,
            Headers = Without(headers, hidden),
            ContentHeaders = Without(content, hidden),
            Body = body!,
            Failure = answered.Failure is { } failed ? failed with { Message = Of(failed.Message, hidden) } : null,
        };
    }

    /// <summary>What an exception says, as it is written.</summary>
    public string Of(string message, HiddenValues hidden) => hidden.Hide(Without(message, isAddress: false, hidden));

    /// <summary>Whether a recorded request differs from another in nothing but what is replaced in it.</summary>
    public bool IsSame(HttpAsked recorded, HttpAsked asked, HiddenValues hidden) =>
        recorded.Method == asked.Method
        && (recorded.Body is null) == (asked.Body is null) && recorded.Body.AsSpan().SequenceEqual(asked.Body)
        && IsLike(Without(recorded.Uri, isAddress: true, hidden), asked.Uri, "/?&#")
        && recorded.Headers.Select(header => header.Name).SequenceEqual(asked.Headers.Select(header => header.Name))
        && Without(recorded.Headers, hidden).Zip(asked.Headers).All(pair => pair.First.Values.Count == pair.Second.Values.Count
            && pair.First.Values.Zip(pair.Second.Values).All(values => IsLike(values.First, values.Second, "")));

    // Whether a text is another in which something stands for each mark, without letters that tell parts of an address apart.
    private static bool IsLike(string marked, string text, string apart)
    {
        var parts = marked.Split(Mark);
        if (parts.Length == 1) return marked == text;
        if (text.Length < parts[0].Length + parts[^1].Length) return false;
        if (!text.StartsWith(parts[0], StringComparison.Ordinal) || !text.EndsWith(parts[^1], StringComparison.Ordinal)) return false;
        var (at, end) = (parts[0].Length, text.Length - parts[^1].Length);
        for (var index = 1; index < parts.Length; index++)
        {
            var next = index == parts.Length - 1 ? end : text.IndexOf(parts[index], at, end - at, StringComparison.Ordinal);
            if (next < 0 || text.AsSpan(at, next - at).IndexOfAny(apart) >= 0) return false;
            at = next + parts[index].Length;
        }

        return true;
    }

    // A body with its redacted members replaced, and the body itself where something was. Where it is no JSON and paths were named, all of
    // it is replaced: nobody can tell what is in it.
    private (byte[]? Body, byte[]? Told) BodyOf(byte[]? body, HiddenValues hidden)
    {
        if (body is null || paths.IsEmpty || body.Length == 0) return (body, null);
        byte[] written;
        try
        {
            if (paths.Replace(body, hidden) is not { } replaced) return (body, null);
            written = replaced.ToArray();
        }
        catch (FormatException)
        {
            Tell(Encoding.UTF8.GetString(body), hidden);
            written = Encoding.UTF8.GetBytes(Mark);
        }

        RedactedBody.Hide(body, hidden);
        return (written, body);
    }

    // Without those that are known by their names; what is known by the names of members is met, to be looked for in all of them.
    private List<HttpHeader> Named(List<HttpHeader> given, byte[]? told, HiddenValues hidden) =>
        [.. given.Select(header => Of(header, told, hidden))];

    private HttpHeader Of(HttpHeader header, byte[]? told, HiddenValues hidden)
    {
        if (headers.Contains(header.Name))
        {
            foreach (var part in header.Values.SelectMany(value => PartsOf(header.Name, value))) hidden.Add(part);
            return new HttpHeader(header.Name, [Mark]);
        }

        if (told is not null && RedactedBody.IsToldBy(header, told))
        {
            // Sent back by a later request, such as an ETag; a number tells something else there.
            foreach (var part in header.Values.SelectMany(value => PartsOf(header.Name, value)))
            {
                if (part.Length >= ShortestPart && !part.All(char.IsAsciiDigit)) hidden.Add(part);
            }

            return new HttpHeader(header.Name, [Mark]);
        }

        foreach (var value in header.Values) queries.In(value, Addresses.Contains(header.Name), hidden);
        return header;
    }

    private List<HttpHeader> Without(List<HttpHeader> headers, HiddenValues hidden) => [.. headers.Select(header => new HttpHeader(
        header.Name, [.. header.Values.Select(value => Without(value, Addresses.Contains(header.Name), hidden))]))];

    // First what was met: a space or a quote in it would end an address.
    private string Without(string text, bool isAddress, HiddenValues hidden) =>
        hidden.HideLong(queries.In(hidden.HideLong(text), isAddress, hidden));

    // The value, and what of it may turn up alone: behind the scheme, behind a name, in quotes; name and password of Basic.
    private static IEnumerable<string> PartsOf(string name, string value)
    {
        yield return value;
        // Behind a cookie are its attributes.
        var pairs = name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase) ? value.Split(';')[0] : value;
        yield return pairs.Split(' ')[^1];
        foreach (var pair in pairs.Split(' ', ',', ';').Select(Unquoted).Where(pair => pair.Length > 0))
        {
            if (pair.Length >= ShortestPart) yield return pair;
            if (pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var end && Unquoted(pair[(end + 1)..]) is { Length: >= 4 } behind)
                yield return behind;
        }

        if (!value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) yield break;
        var credentials = new byte[value.Length];
        if (!Convert.TryFromBase64String(value[6..].Trim(), credentials, out var length)) yield break;
        var both = Encoding.UTF8.GetString(credentials, 0, length);
        yield return both;
        yield return both[(both.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }

    // Also of a weak ETag, and of bytes in a structured header.
    private static string Unquoted(string part) => (part.StartsWith("W/", StringComparison.Ordinal) ? part[2..] : part).Trim('"', ':');

    // A text, and the values of a form.
    private static void Tell(string body, HiddenValues hidden)
    {
        hidden.Add(body);
        foreach (var member in body.Split('&').Where(member => member.Contains('=', StringComparison.Ordinal)))
        {
            var value = member[(member.IndexOf('=', StringComparison.Ordinal) + 1)..];
            hidden.Add(value);
            hidden.Add(Uri.UnescapeDataString(value.Replace('+', ' ')));
        }
    }

    /// <summary>Whether the mark in a recorded answer stands for what may have been replaced: in the body at a path of this, or in its
    /// place; in the reason, a header or a message wherever it is, as values that others met are replaced there.</summary>
    public bool IsIn(HttpAnswered answered) =>
        IsIn(answered.Reason)
        || IsIn(answered.Failure?.Message)
        || answered.Headers.Concat(answered.ContentHeaders).Any(header => header.Values.Exists(IsIn))
        || IsInBody(answered.Body);

    private bool IsInBody(byte[] body)
    {
        if (paths.IsEmpty) return false;
        if (body.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(Mark))) return true;
        try
        {
            return paths.Replace(body, hidden: null) is { } again && again.Span.SequenceEqual(body);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsIn(string? text) => text is not null && text.Contains(Mark, StringComparison.Ordinal);

    private static ArgumentException Wrong(string item) => new(
        $"'{item}' names nothing that can be redacted: write a header (Authorization), a query member (?token), or a path in a JSON body "
        + "($.card.number, $.items[*].secret).", nameof(item));
}
