// What the demo tells, a line a step: with colours on a terminal, plain elsewhere.
// Called by `refold demo`.
using Refold.Cli.Shell;
using Spectre.Console;

namespace Refold.Cli.Demo;

internal static class Story
{
    private const int Width = 10;

    public static void Title(string text) => Write($"[bold]{Markup.Escape(text)}[/]", text);

    /// <summary>A step that went as it should.</summary>
    public static void Step(string word, string text) =>
        Write($"[green]{Markup.Escape(word.PadRight(Width))}[/]  {Markup.Escape(text)}", $"{word.PadRight(Width)}  {text}");

    /// <summary>A difference that was to be found.</summary>
    public static void Found(string word, string text) =>
        Write($"[red]{Markup.Escape(word.PadRight(Width))}[/]  {Markup.Escape(text)}", $"{word.PadRight(Width)}  {text}");

    /// <summary>A command to copy: as it is, without a line break.</summary>
    public static void Command(string text) => Output.Line("  " + text);

    private static void Write(string markup, string plain)
    {
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
