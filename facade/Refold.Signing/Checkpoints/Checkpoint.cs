// What a signed checkpoint says of a journal: whose it is, how many batches it has, and the root over them.
// The text of SignedCheckpoint; made by CheckpointSigner, parsed with a note.
namespace Refold.Signing;

/// <summary>The text of a checkpoint (c2sp.org/tlog-checkpoint@v1.0.0): a line with the origin, one with the size in decimal, one with the
/// root in base64, then extension lines of others. Refold writes none of those.</summary>
public sealed class Checkpoint
{
    private static readonly NoteText Form = new("checkpoint", "malformed-checkpoint", SignedNote.MaxBytes);

    /// <summary>Makes one.</summary>
    /// <param name="origin">Whose history it is: the name of the key that signs. Not empty, one line.</param>
    /// <param name="tree">The size of the batch tree and its root.</param>
    /// <param name="extensions">Further lines, each not empty; none where null.</param>
    public Checkpoint(string origin, TreeHead tree, IReadOnlyList<string>? extensions = null)
    {
        RequireLine(origin, nameof(origin));
        if (FaultOf(tree) is { } fault) throw new ArgumentException($"The tree {fault}.", nameof(tree));
        (Origin, Tree, Extensions) = (origin, tree, [.. extensions ?? []]);
        foreach (var line in Extensions) RequireLine(line, nameof(extensions));
    }

    /// <summary>Whose history it is.</summary>
    public string Origin { get; }

    /// <summary>The number of batches and the root over them.</summary>
    public TreeHead Tree { get; }

    /// <summary>Further lines, without newlines. They are signed, and mean nothing to Refold.</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>Reads the text of a checkpoint, which is the text of a note.</summary>
    /// <param name="text">At least three lines, each ending with a newline.</param>
    /// <returns>The checkpoint; whether anybody signed it says <see cref="SignedCheckpoint.Verify(CheckpointPolicy)"/>.</returns>
    /// <exception cref="SigningFormatException">It is none (<c>malformed-checkpoint</c>).</exception>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _ = Form.Encode(text);
        Form.RequirePrintable(text);
        if (!text.EndsWith('\n')) throw Form.Malformed("does not end with a newline");
        if (text[..^1].Split('\n') is not [var origin, var size, var root, .. var extensions])
            throw Form.Malformed("has fewer than three lines");
        if (origin.Length == 0) throw Form.Malformed("has no origin in line 1");
        var tree = new TreeHead(Form.Decimal(size, "has a size in line 2 that"), Form.Base64Hash(root, "has a root in line 3 that"));
        if (FaultOf(tree) is { } fault) throw Form.Malformed(fault);
        if (Array.IndexOf(extensions, "") is >= 0 and var empty) throw Form.Malformed($"has an empty line {NoteText.Number(empty + 4)}");
        return new Checkpoint(origin, tree, extensions);
    }

    /// <summary>The text: what is signed.</summary>
    public override string ToString() =>
        string.Concat(
            new[] { Origin, NoteText.Number(Tree.Size), NoteText.Base64Of(Tree.Root) }.Concat(Extensions).Select(line => line + "\n"));

    /// <summary>The checkpoint of a text; null where it is none.</summary>
    internal static Checkpoint? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (SigningFormatException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with a tree; null for nothing.</summary>
    internal static string? FaultOf(TreeHead tree) => tree.Size switch
    {
        < 0 => "has a size below 0",
        0 when tree.Root != TreeHead.Empty.Root => "has no batch, and not the root of none",
        _ => null,
    };

    private static void RequireLine(string line, string parameter)
    {
        ArgumentNullException.ThrowIfNull(line, parameter);
        if (line.Length == 0 || line.Contains('\n') || NoteText.ControlIn(line) is not null || !IsWhole(line))
            throw new ArgumentException("A line is not empty, and has neither control characters nor half a surrogate pair.", parameter);
    }

    private static bool IsWhole(string line)
    {
        try
        {
            _ = Form.Encode(line);
            return true;
        }
        catch (SigningFormatException)
        {
            return false;
        }
    }
}
