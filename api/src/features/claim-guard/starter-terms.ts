/**
 * The dictionary that a new brand begins with; HQ changes it in the console like every other term.
 *
 * Sources: Food Safety Law of the PRC (2021) art. 73: advertisements of food must not speak of prevention or treatment of
 * disease; art. 78, 79: claims of health functions belong to registered health food alone. Advertising Law of the PRC
 * (2021) art. 9 (3): superlatives; art. 17: food other than medicine must not use the language of medicine; art. 18: health
 * food must not promise an effect. GB 28050: nutrition claims (low sugar, high protein …) need a measured content.
 * Anti-Unfair-Competition and live-commerce rules (2021, seven authorities) art. 18: no leading away to untracked deals.
 */
import type { TermAction, TermKind } from '@walnut-live/contracts';

/** Grows when terms are added below; what a brand has removed comes back only with a term that is new. */
export const STARTER_VERSION = 1;

interface Group {
  readonly kind: TermKind;
  readonly action: TermAction;
  readonly source: string;
  readonly terms: string;
}

const groups: readonly Group[] = [
  {
    kind: 'claim',
    action: 'block',
    source: '《食品安全法》第七十三、七十八条：普通食品不得宣称保健功能',
    terms: `健脑 补脑 益智 增强记忆 提高记忆力 改善记忆 提高智力 减脂 减肥 瘦身 燃脂 溶脂 降脂 降血脂 降血压 降血糖 降三高 降胆固醇
      清血管 软化血管 疏通血管 防血栓 抗氧化 抗衰老 延缓衰老 延年益寿 抗疲劳 抗辐射 增强免疫力 提高免疫力 增强抵抗力 提高抵抗力
      调节免疫 改善睡眠 助眠 安神 治失眠 补肾 壮阳 补肾壮阳 固肾 滋阴 补气血 补血养颜 美容养颜 祛斑 祛痘 美白 丰胸 生发 防脱发 乌发
      养肝 护肝 保肝 解酒护肝 养胃 护胃 健脾 健脾养胃 润肠通便 通便 排毒 清肠 清肺 润肺止咳 化痰 护眼 明目 改善视力 补钙 促进生长发育
      长高 增高 改善贫血 活血化瘀 祛湿 排湿 除湿 清热解毒 消炎 抗炎 抗病毒 杀菌 调节肠道菌群 调节内分泌 平衡激素`,
  },
  {
    kind: 'claim',
    action: 'block',
    source: '《食品安全法》第七十三条、《广告法》第十七条：食品不得涉及疾病预防、治疗功能或使用医疗用语',
    terms: `治疗 治病 治愈 根治 药到病除 包治百病 疗效 特效药 药效 处方 临床验证 抗癌 防癌 治癌 抗肿瘤 预防癌症 治糖尿病 治高血压
      预防老年痴呆 防老年痴呆 治疗失眠 缓解关节痛 治便秘 治胃病 预防感冒 预防新冠 代替药物 替代药品 吃了不用吃药 神药 祖传秘方 偏方`,
  },
  {
    kind: 'claim',
    action: 'block',
    source: '《广告法》第十八条、第二十八条：不得作功效断言或保证',
    terms:
      '百分百有效 无效退款 保证有效 立竿见影 三天见效 当天见效 一吃就见效 无任何副作用 零副作用 永不反弹 专家推荐 医生推荐 国家认证功效',
  },
  {
    kind: 'claim',
    action: 'show',
    source: '《广告法》第九条第三项：不得使用“国家级”“最高级”“最佳”等用语',
    terms:
      '国家级 最高级 最佳 世界第一 全国第一 全网第一 行业第一 销量第一 顶级 极品 独一无二 史无前例 万能 绝无仅有 全网最低价 史上最低价',
  },
  {
    kind: 'claim',
    action: 'show',
    source: 'GB 28050：营养声称须符合含量要求',
    terms: '零糖 无糖 零脂肪 零添加 无添加 低糖 低脂 高蛋白 高钙 富含DHA 纯天然 有机认证',
  },
  {
    kind: 'contact',
    action: 'mask',
    source: '《网络直播营销管理办法》第十八条：不得引流至平台外交易',
    terms: `加微信 加我微信 加v信 加薇 加vx 加wx 加v 私加 加Q 加QQ 扣扣 微信号 vx wx 威信号 私聊下单 私下交易 私下转账 转账给我 扫码加我
      加群领 进群领 私信领红包 点我头像 看我主页 代购价 内部渠道价 刷单 兼职日结 日赚 免费领手机 telegram whatsapp`,
  },
  {
    kind: 'abuse',
    action: 'mask',
    source: '《网络信息内容生态治理规定》第六、七条',
    terms:
      '傻逼 傻B 煞笔 沙雕 脑残 弱智 智障 狗东西 畜生 贱人 婊子 去死 滚蛋 滚出去 操你 草泥马 妈的 他妈的 你妈死了 nmsl cnm 妈逼 废物主播 死全家 fuck shit bitch',
  },
  {
    kind: 'abuse',
    action: 'block',
    source: '《网络信息内容生态治理规定》第六条',
    terms: '裸聊 约炮 卖淫 嫖娼 赌博网站 网上赌场 六合彩 开盘下注 冰毒 办假证 代开发票 枪支出售 迷药',
  },
  {
    kind: 'harmless',
    action: 'allow',
    source: '日常用语，包含名单里的字而不是它的意思',
    terms: `高兴 高铁 高级 便利 便宜 便民 便捷 便当 便餐 治理 治安 保健 健康 健身 头脑 电脑 肥料 白色 完美 神话 神秘 方向 方面 方便 妈妈 大妈 姑妈
      舅妈 奶妈 干妈 宝妈 孕妈 伯母 明目张胆 毒害 胃口 除湿机 除湿袋 高温杀菌 巴氏杀菌 超高温杀菌 灭菌 杀菌工艺 益智玩具 益智游戏 最佳赏味 最佳食用 最佳饮用
      太极 品牌 品质 品种 万能钥匙 万能胶 微信支付 微信公众号 微信小程序 官方微信 企业微信 物理治疗 理疗 死角 蛋糕 雕塑 障碍`,
  },
];

export interface StarterTerm {
  readonly text: string;
  readonly kind: TermKind;
  readonly action: TermAction;
  readonly source: string;
}
export const starterTerms: readonly StarterTerm[] = groups.flatMap(({ terms, ...group }) =>
  terms
    .split(/\s+/)
    .filter((text) => text !== '')
    .map((text) => ({ ...group, text })),
);
