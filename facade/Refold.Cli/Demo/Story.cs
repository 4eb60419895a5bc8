// What the demo tells, a line a step: with colours on a terminal, plain elsewhere; as one JSON object where that is asked for.
// Called by `refold demo`.
using System.Text.Json.Nodes;
using Refold.Cli.Shell;
using Spectre.Console;

namespace Refold.Cli.Demo;

/// <param name="asJson">Nothing is told then; what happened is in <see cref="Facts"/>.</param>
internal sealed class Story(bool asJson)
{
    private const int Width = 10;

    /// <summary>What happened, for scripts: a member a step.</summary>
    public JsonObject Facts { get; } = [];

    public void Title(string text) => Write($"[bold]{Markup.Escape(text)}[/]", text);

    /// <summary>A step that went as it should.</summary>
    public void Step(string word, string text) =>
        Write($"[green]{Markup.Escape(word.PadRight(Width))}[/]  {Markup.Escape(text)}", $"{word.PadRight(Width)}  {text}");

    /// <summary>A difference that was to be found.</summary>
    public void Found(string word, string text) =>
        Write($"[red]{Markup.Escape(word.PadRight(Width))}[/]  {Markup.Escape(text)}", $"{word.PadRight(Width)}  {text}");

    /// <summary>A command to copy: as it is, without a line break.</summary>
    public void Command(string text)
    {
        if (!asJson) Output.Line("  " + text);
    }

    private void Write(string markup, string plain)
    {
        if (asJson) return;
        if (Output.IsTerminal)
        {
            Output.Flush();
            AnsiConsole.MarkupLine(markup);
            return;
        }

        Output.Line(plain);
        Output.Flush();
    }
}
