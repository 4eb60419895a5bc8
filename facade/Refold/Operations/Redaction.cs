// What is not to be written of an exchange: named headers, query members, members of JSON bodies.
// Used by OperationHttpHandler.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refold;

internal sealed class Redaction
{
    /// <summary>What stands in its place.</summary>
    public const string Mark = "[redacted]";

    private readonly HashSet<string> headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> queries = new(StringComparer.Ordinal);
    private readonly List<string[]> paths = [];

    /// <exception cref="ArgumentException">An item is no header, query member or path.</exception>
    public Redaction(IEnumerable<string> items)
    {
        foreach (var item in items)
        {
            ArgumentException.ThrowIfNullOrEmpty(item);
            if (item.StartsWith("$.", StringComparison.Ordinal))
                paths.Add(Steps(item));
            else if (item[0] == '?' && item.Length > 1)
                queries.Add(item[1..]);
            else if (item.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
                headers.Add(item);
            else
                throw Wrong(item);
        }
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
        if (paths.Count == 0 || body.Length == 0) return body;
        JsonNode? root;
        try
        {
            // A member that is there twice would hide one of its values.
            root = JsonNode.Parse(body, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            hidden.Add(Encoding.UTF8.GetString(body));
            return Encoding.UTF8.GetBytes(Mark);
        }

        var any = false;
        foreach (var path in paths) any |= Replace(root, path, hidden);
        return any ? Encoding.UTF8.GetBytes(root!.ToJsonString()) : body;
    }

    private static bool Replace(JsonNode? node, ReadOnlySpan<string> path, HiddenValues hidden)
    {
        if (node is JsonArray items && path[0] == "*")
        {
            var any = false;
            for (var index = 0; index < items.Count; index++)
            {
                if (path.Length > 1)
                {
                    any |= Replace(items[index], path[1..], hidden);
                    continue;
                }

                Hide(items[index], hidden);
                items[index] = Mark;
                any = true;
            }

            return any;
        }

        if (node is not JsonObject members || !members.ContainsKey(path[0])) return false;
        if (path.Length > 1) return Replace(members[path[0]], path[1..], hidden);
        Hide(members[path[0]], hidden);
        members[path[0]] = Mark;
        return true;
    }

    private static void Hide(JsonNode? node, HiddenValues hidden)
    {
        if (node is JsonValue value && value.TryGetValue(out string? text))
            hidden.Add(text);
        else if (node is not null)
            hidden.Add(node.ToJsonString());
    }

    private static string[] Steps(string path)
    {
        var steps = path[2..].Replace("[*]", ".*", StringComparison.Ordinal).Split('.');
        return steps.All(step => step.Length > 0 && !step.Contains('[', StringComparison.Ordinal)) ? steps : throw Wrong(path);
    }

    private static ArgumentException Wrong(string item) => new(
        $"'{item}' names nothing that can be redacted: write a header (Authorization), a query member (?token), or a path in a JSON body "
        + "($.card.number, $.items[*].secret).", nameof(item));
}
