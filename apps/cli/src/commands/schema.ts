import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { textOption } from '../command-line/options.ts'

export function schemaCommand(act: Act): Command {
  return describedCommand({
    name: 'schema',
    usage: '[OPTIONS]',
    inList: 'print the JSON Schema of workflow files, for editors',
    summary: 'Prints the JSON Schema of workflow files, with which editors complete and check them.',
    examples: [
      'agentloom schema -o workflow.schema.json',
      '# first line of a workflow:  # yaml-language-server: $schema=./workflow.schema.json',
    ],
  })
    .addOption(textOption('-o, --output <file>', 'write it to this file'))
    .action(({ output }: { readonly output?: string }) =>
      act(async (io) => {
        const { workflowJsonSchema } = await import('@agentloom/workflow')
        const text = `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`
        if (output === undefined) io.stdout.write(text)
        else await (await import('../workflow-file/write-output.ts')).writeOutput(output, text, io.cwd())
        return { code: 0 }
      }),
    )
}
